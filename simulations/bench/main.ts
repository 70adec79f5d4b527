// `npm run bench -- <name>`: honest benchmarks, side by side with what people use today, all in one run on one machine.
// Trust the ratios, not the times: other work on the machine moves both.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FarmName } from '../lab/farms.ts';
import { openLabs } from '../lab/lab.ts';
import { benchBuild } from './build.ts';
import { benchEntries } from './entries.ts';
import { benchFarm } from './farm.ts';
import { benchFarmTroubles } from './farm-troubles.ts';
import { benchHit } from './hit.ts';
import { benchIdle } from './idle.ts';
import { type CompilerFamily, projects } from './projects.ts';
import { endRivals, type RivalName, rivalsHere } from './rivals.ts';
import { benchRust } from './rust.ts';

const usage = `usage: npm run bench -- hit
       npm run bench -- farm [--farms p2pcache,distcc,pump,icecc] [--hosts 7] [--jobs 12] [--every 1] [--rounds 1]
       npm run bench -- farm-troubles [--hosts 7] [--jobs 12] [--every 1] [--hot-rounds 5]
       npm run bench -- build [project…] [--compilers gcc,clang] [--cold-rounds 3] [--hot-rounds 5]
       npm run bench -- rust [--cold-rounds 3] [--hot-rounds 5]
       npm run bench -- entries [--count 50000]
       npm run bench -- idle [--hosts 7]

  hit      one local hit
  farm     compiles on other hosts, in a lab of network namespaces with a quarter of a core each (needs root)
  farm-troubles  the same lab: every worker too slow to help, and some of them lost during the build
  build    real projects from Debian's sources: ${projects.map(({ name }) => name).join(', ')}
  rust     a program that depends on real crates, by cargo
  entries  a daemon whose store is full: its memory, and one hit
  idle     a team that does nothing: the processor time of its daemons (needs root)

  --rivals ${rivalsHere().join(',')}

A rival takes part where it is installed. Exit code 1: a bound was missed.
`;

const options = {
  help: { type: 'boolean' },
  rivals: { type: 'string', default: rivalsHere().join(',') },
  compilers: { type: 'string', default: 'gcc,clang' },
  'cold-rounds': { type: 'string', default: '3' },
  'hot-rounds': { type: 'string', default: '5' },
  count: { type: 'string', default: '50000' },
  farms: { type: 'string', default: 'distcc,pump,icecc,p2pcache' },
  hosts: { type: 'string', default: '7' },
  'cpu-share': { type: 'string', default: '0.25' },
  jobs: { type: 'string', default: '12' },
  'jobs-per-host': { type: 'string', default: '1' },
  every: { type: 'string', default: '1' },
  rounds: { type: 'string', default: '1' },
} as const;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [name, ...rest] = positionals;
  const rivals = values.rivals.split(',') as RivalName[];
  const coldRounds = Number(values['cold-rounds']);
  const hotRounds = Number(values['hot-rounds']);
  const measured = { rivals, coldRounds, hotRounds };
  const benches: Readonly<Record<string, (work: string) => Promise<boolean>>> = {
    hit: work => benchHit(work, rivals),
    farm: work =>
      benchFarm(work, {
        farms: values.farms.split(',') as FarmName[],
        hosts: Number(values.hosts),
        cpuShare: Number(values['cpu-share']),
        jobs: Number(values.jobs),
        jobsPerHost: Number(values['jobs-per-host']),
        rounds: Number(values.rounds),
        every: Number(values.every),
      }),
    'farm-troubles': work =>
      benchFarmTroubles(work, {
        hosts: Number(values.hosts),
        cpuShare: Number(values['cpu-share']),
        jobs: Number(values.jobs),
        rounds: hotRounds,
        every: Number(values.every),
      }),
    build: work =>
      benchBuild(work, {
        projects: rest,
        families: values.compilers.split(',') as CompilerFamily[],
        ...measured,
      }),
    rust: work => benchRust(work, measured),
    entries: work => benchEntries(work, Number(values.count)),
    idle: work => benchIdle(work, Number(values.hosts)),
  };
  const bench = benches[name ?? ''];
  if (bench === undefined || values.help) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const work = mkdtempSync(join(tmpdir(), 'p2pcache-bench-'));
  let isEnding = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isEnding) return; // a second signal must not end this before it has cleaned up
      isEnding = true;
      const labs = [...openLabs].map(lab => lab.close());
      void Promise.allSettled([endRivals(), ...labs]).finally(() => {
        rmSync(work, { recursive: true, force: true });
        process.exit(130);
      });
    });
  }
  try {
    return (await bench(work)) ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

process.exitCode = await main();
