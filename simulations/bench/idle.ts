// A team that does nothing: what its daemons take of the processor then, each in a network namespace of its own, all connected,
// and all but one lending a slot.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { farms } from '../lab/farms.ts';
import { Lab } from '../lab/lab.ts';
import { say } from './report.ts';
import { median } from './run.ts';

const watchMs = 60_000;
/** Of a core, for each daemon. */
const shareBound = 0.01;

/** Returns whether the bound was met. */
export async function benchIdle(work: string, hosts: number): Promise<boolean> {
  const hidden = join(work, 'hidden');
  mkdirSync(hidden);
  const lab = new Lab({ hosts, cpuShare: 1, ownFolders: [] });
  try {
    const farm = await farms.p2pcache(lab, work, [hidden], 1);
    const before = farm.daemonsCpuMs!();
    say(`${hosts} daemons, watched for ${watchMs / 1000} s`);
    await sleep(watchMs);
    const shares = farm.daemonsCpuMs!().map((ms, i) => (ms - before[i]!) / watchMs);
    const share = median(shares);
    const percent = (of: number) => `${(100 * of).toFixed(2)} %`;
    const [least, most] = [percent(Math.min(...shares)), percent(Math.max(...shares))];
    process.stdout.write(
      `\neach takes ${percent(share)} of a core (${least} to ${most}; at most ${percent(shareBound)})\n`,
    );
    return share <= shareBound;
  } finally {
    await lab.close();
  }
}
