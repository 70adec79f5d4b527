// How much of this machine there is: its cores and its memory as far as this process may use them, and whether someone uses it now.
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** Compiles that can run here at once without crowding: the cores, less where a control group allows less. */
export function localSlotsDefault(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.round(cpuQuota())));
}

/** Memory that this process may use, in bytes: the machine's, less where a control group allows less. */
export function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

/** Processes and threads that want a processor at this moment. */
export function runnableCount(): number {
  const [, runnable] = /\s(\d+)\/\d+\s/.exec(read('/proc/loadavg')) ?? [];
  return Number(runnable ?? 0);
}

/** Cores that this process's control group may use; Infinity where it is not limited. */
function cpuQuota(): number {
  const path = /^0::(.*)$/m.exec(read('/proc/self/cgroup'))?.[1];
  const [quota, period] = read(`/sys/fs/cgroup${path ?? ''}/cpu.max`)
    .trim()
    .split(' ')
    .map(Number);
  if (Number.isFinite(quota) && Number.isFinite(period)) return quota! / period!;
  const v1 = /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(read('/proc/self/cgroup'))?.[1];
  const folder = `/sys/fs/cgroup/cpu${v1 ?? ''}`;
  const [q, p] = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map(file => Number(read(`${folder}/${file}`)));
  return q! > 0 && p! > 0 ? q! / p! : Number.POSITIVE_INFINITY;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
