// The farms, side by side: the same compiles on the same hosts of a lab, one farm after the other, cold and then warm, in
// as many rounds as are wanted. Seven hosts of a quarter of a core each, unless told otherwise; trust the ratios of one run, not its times.
import { type FarmName, farms, type RunningFarm } from '../lab/farms.ts';
import { Lab } from '../lab/lab.ts';
import { type BuildFolder, differences, type Outcome } from './build-folder.ts';
import { type LabBuildOptions, prepareLabBuild } from './lab-build.ts';
import type { Compile } from './projects.ts';
import { formatMs, say } from './report.ts';
import { median } from './run.ts';

export interface FarmBenchOptions extends LabBuildOptions {
  readonly farms: readonly FarmName[];
  readonly jobsPerHost: number;
  /** How often each farm builds, cold and warm, from nothing; the middle of them counts. */
  readonly rounds: number;
}

interface Row {
  readonly name: string;
  readonly coldMs: number;
  readonly warmMs: number;
  readonly clientCpuMs: number;
  readonly workersCpuMs: number;
  readonly warmCpuMs: number;
  readonly differing: number;
}

const parts = /\/absl\/(strings|time|synchronization|base|numeric)\//;
/** Of the best of the others. */
const coldBound = 0.9;
const warmBound = 0.85;

/** Returns whether every bound was met. */
export async function benchFarm(work: string, options: FarmBenchOptions): Promise<boolean> {
  const isPart = ({ command }: Compile) => parts.test(command);
  const { hidden, folder, reference } = await prepareLabBuild(work, options, isPart);
  const rows: Row[] = [];
  const turns = Array.from({ length: options.rounds }, () => options.farms).flat();
  for (const name of turns) {
    const lab = new Lab({ hosts: options.hosts, cpuShare: options.cpuShare, ownFolders: [] });
    try {
      const farm = await farms[name](lab, work, [hidden], options.jobsPerHost);
      lab.limit();
      rows.push(await measure(name, farm, lab, folder, reference, options.jobs));
      if (farm.note !== undefined) say(await farm.note());
    } finally {
      await lab.close();
    }
  }
  return print(options.farms.map(name => middle(rows.filter(row => row.name === name))));
}

async function measure(
  name: FarmName,
  farm: RunningFarm,
  lab: Lab,
  folder: BuildFolder,
  reference: Outcome,
  jobs: number,
): Promise<Row> {
  const client = lab.hosts[0]!;
  const around = [...client.enter(), ...farm.around];
  const cpuOf = (hosts: Lab['hosts']) => hosts.reduce((sum, host) => sum + host.cpuMs(), 0);
  const workers = lab.hosts.slice(1);
  const before = [cpuOf([client]), cpuOf(workers)] as const;
  let daemonsMs = daemonsOf(farm);
  /** What the daemons have taken since the last call. */
  const daemonsTook = () => {
    const now = daemonsOf(farm);
    const [here, there] = [now.here - daemonsMs.here, now.there - daemonsMs.there];
    daemonsMs = now;
    return here + there === 0
      ? ''
      : `, of it its daemons ${formatMs(here)} here and ${formatMs(there)} there`;
  };
  const rival = { name, prefix: farm.prefix, env: farm.env, daemonPid: undefined };
  const cold = await folder.build(rival, jobs, around);
  const clientCpuMs = cpuOf([client]) - before[0];
  const workersCpuMs = cpuOf(workers) - before[1];
  const differing = differences(reference, folder.outcome()).length;
  say(
    `${name}: cold ${formatMs(cold.wallMs)}, processor time ${formatMs(clientCpuMs)} here and ${formatMs(workersCpuMs)} there${daemonsTook()}, ${differing} files differ`,
  );
  const warmRival = { ...rival, env: { ...farm.env, ...farm.warmEnv } };
  const between = cpuOf(lab.hosts);
  const warm = await folder.build(warmRival, jobs, around);
  const warmCpuMs = cpuOf(lab.hosts) - between;
  say(`${name}: warm ${formatMs(warm.wallMs)}, processor time ${formatMs(warmCpuMs)}${daemonsTook()}`);
  return { name, coldMs: cold.wallMs, warmMs: warm.wallMs, clientCpuMs, workersCpuMs, warmCpuMs, differing };
}

function daemonsOf(farm: RunningFarm): { readonly here: number; readonly there: number } {
  const [here = 0, ...there] = farm.daemonsCpuMs?.() ?? [];
  return { here, there: there.reduce((sum, ms) => sum + ms, 0) };
}

/** Of each figure for itself; a file that differs in one round differs. */
function middle(rows: readonly Row[]): Row {
  const of = (ms: (row: Row) => number) => median(rows.map(ms));
  return {
    name: rows[0]!.name,
    coldMs: of(row => row.coldMs),
    warmMs: of(row => row.warmMs),
    clientCpuMs: of(row => row.clientCpuMs),
    workersCpuMs: of(row => row.workersCpuMs),
    warmCpuMs: of(row => row.warmCpuMs),
    differing: Math.max(...rows.map(row => row.differing)),
  };
}

function print(rows: readonly Row[]): boolean {
  const own = rows.find(({ name }) => name === 'p2pcache');
  const others = rows.filter(({ name }) => name !== 'p2pcache');
  const lines = rows.map(
    ({ name, coldMs, warmMs, clientCpuMs, workersCpuMs, warmCpuMs, differing }) =>
      `${name.padEnd(10)} cold ${formatMs(coldMs).padStart(8)}  warm ${formatMs(warmMs).padStart(8)}  cpu cold ${formatMs(clientCpuMs).padStart(8)} + ${formatMs(workersCpuMs).padStart(8)}  warm ${formatMs(warmCpuMs).padStart(8)}  differing files ${differing}`,
  );
  process.stdout.write(`\n${lines.join('\n')}\n`);
  if (own === undefined || others.length === 0) return true;
  const cold = own.coldMs / Math.min(...others.map(({ coldMs }) => coldMs));
  const warm = own.warmMs / Math.min(...others.map(({ warmMs }) => warmMs));
  process.stdout.write(
    `\ncold ${cold.toFixed(2)} × the best of the others (at most ${coldBound})\nwarm ${warm.toFixed(2)} × (at most ${warmBound})\n`,
  );
  return cold <= coldBound && warm <= warmBound && own.differing === 0;
}
