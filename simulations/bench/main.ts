// `npm run bench -- <name>`: honest benchmarks, side by side with what people use today, all in one run on one machine.
// Trust the ratios, not the times: other work on the machine moves both.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FarmName } from '../lab/farms.ts';
import { benchBuild } from './build.ts';
import { benchFarm } from './farm.ts';
import { benchHit } from './hit.ts';
import { type CompilerFamily, projects } from './projects.ts';
import { type RivalName, rivalsHere } from './rivals.ts';

const usage = `usage: npm run bench -- hit
       npm run bench -- farm [--farms p2pcache,distcc,pump,icecc] [--hosts 7] [--jobs 12] [--every 1]
       npm run bench -- build [project…] [--compilers gcc,clang] [--cold-rounds 3] [--hot-rounds 5]

  hit    one local hit
  farm   compiles on other hosts, in a lab of network namespaces with a quarter of a core each (needs root)
  build  real projects from Debian's sources: ${projects.map(({ name }) => name).join(', ')}

  --rivals ${rivalsHere().join(',')}

A rival takes part where it is installed. Exit code 1: a bound was missed.
`;

const options = {
  help: { type: 'boolean' },
  rivals: { type: 'string', default: rivalsHere().join(',') },
  compilers: { type: 'string', default: 'gcc,clang' },
  'cold-rounds': { type: 'string', default: '3' },
  'hot-rounds': { type: 'string', default: '5' },
  farms: { type: 'string', default: 'distcc,pump,icecc,p2pcache' },
  hosts: { type: 'string', default: '7' },
  'cpu-share': { type: 'string', default: '0.25' },
  jobs: { type: 'string', default: '12' },
  'jobs-per-host': { type: 'string', default: '1' },
  every: { type: 'string', default: '1' },
} as const;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [name, ...rest] = positionals;
  const rivals = values.rivals.split(',') as RivalName[];
  const benches: Readonly<Record<string, (work: string) => Promise<boolean>>> = {
    hit: work => benchHit(work, rivals),
    farm: work =>
      benchFarm(work, {
        farms: values.farms.split(',') as FarmName[],
        hosts: Number(values.hosts),
        cpuShare: Number(values['cpu-share']),
        jobs: Number(values.jobs),
        jobsPerHost: Number(values['jobs-per-host']),
        every: Number(values.every),
      }),
    build: work =>
      benchBuild(work, {
        projects: rest,
        families: values.compilers.split(',') as CompilerFamily[],
        rivals,
        coldRounds: Number(values['cold-rounds']),
        hotRounds: Number(values['hot-rounds']),
      }),
  };
  const bench = benches[name ?? ''];
  if (bench === undefined || values.help) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const work = mkdtempSync(join(tmpdir(), 'p2pcache-bench-'));
  try {
    return (await bench(work)) ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

process.exitCode = await main();
