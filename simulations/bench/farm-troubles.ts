// What the farm costs where it cannot help, and what it costs that workers die: in the lab, the same compiles by the client
// alone, with workers that are far too slow, with good ones, and with a third of them killed, frozen and cut off on the way.
import { setTimeout as sleep } from 'node:timers/promises';
import { farms, type RunningFarm } from '../lab/farms.ts';
import { Lab } from '../lab/lab.ts';
import { type BuildFolder, differences, type Outcome } from './build-folder.ts';
import { type LabBuildOptions, prepareLabBuild } from './lab-build.ts';
import { formatMs, say } from './report.ts';

export interface FarmTroublesOptions extends LabBuildOptions {
  readonly rounds: number;
}

/** Of the client alone; of the same build undisturbed. */
const slowBound = 1.05;
const troubledBound = 1.5;
/** Of one core, for a worker that is too slow to be of use. */
const slowShare = 0.02;

/** Returns whether every bound was met. */
export async function benchFarmTroubles(work: string, options: FarmTroublesOptions): Promise<boolean> {
  const { hidden, folder, reference } = await prepareLabBuild(work, options);
  const lab = new Lab({ hosts: options.hosts, cpuShare: options.cpuShare, ownFolders: [] });
  try {
    const farm = await farms.p2pcache(lab, work, [hidden], 1);
    return await measure(lab, farm, folder, reference, options);
  } finally {
    await lab.close();
  }
}

async function measure(
  lab: Lab,
  farm: RunningFarm,
  folder: BuildFolder,
  reference: Outcome,
  { cpuShare, jobs, rounds }: FarmTroublesOptions,
): Promise<boolean> {
  const [client, ...workers] = lab.hosts;
  const differing: string[] = [];
  const run = async (name: string, env: Readonly<Record<string, string>> = {}) => {
    const rival = {
      name,
      prefix: farm.prefix,
      env: { ...farm.env, ...farm.warmEnv, ...env },
      daemonPid: undefined,
    };
    const { wallMs } = await folder.build(rival, jobs, client!.enter());
    differing.push(...differences(reference, folder.outcome()));
    say(`${name}: ${formatMs(wallMs)}`);
    return wallMs;
  };
  await run('first'); // workers get the toolchain, at full speed
  lab.limit();
  const [alone, slow, good]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    alone.push(await run('alone', { P2PCACHE_FARM: 'off' }));
    for (const worker of workers) worker.limit(slowShare);
    slow.push(await run('slow'));
    for (const worker of workers) worker.limit(cpuShare);
    await sleep(5_000); // what was sent to a slow one is over
    good.push(await run('good'));
  }
  const undisturbed = Math.min(...good);
  const troubled = run('troubled');
  await sleep(undisturbed / 4);
  workers[0]!.signal('SIGKILL');
  workers[1]!.signal('SIGSTOP');
  workers[2]!.unplug();
  const slowRatio = Math.min(...slow) / Math.min(...alone);
  const troubledRatio = (await troubled) / undisturbed;
  process.stdout.write(
    `\nevery worker too slow: ${slowRatio.toFixed(2)} × alone (at most ${slowBound})
three of ${workers.length} workers lost: ${troubledRatio.toFixed(2)} × undisturbed (at most ${troubledBound})
differing files: ${differing.length}\n`,
  );
  if (farm.note !== undefined) say(await farm.note());
  return slowRatio <= slowBound && troubledRatio <= troubledBound && differing.length === 0;
}
