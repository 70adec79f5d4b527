// Whether a launcher sees the same files under the same names as this daemon. In a container or a chroot it does not, and
// then nothing that is known here holds for it.
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import type { LauncherCompile } from './launcher-protocol.ts';

/** Mount points below these never hold a compile's inputs; `ip netns exec`, for one, gives each command its own /sys. */
const otherworldly = /^\/(sys|proc|dev|run)(\/|$)/;

export class FileSystemView {
  readonly #rootInode = statSync('/', { bigint: true }).ino;
  readonly #mountNamespace = mountNamespace();

  isSeenBy({ view, cwd }: LauncherCompile): boolean {
    if (view.rootInode !== this.#rootInode) return false;
    if (view.mountNamespace !== this.#mountNamespace && !hasSameMounts(view.pid)) return false;
    return statSync(cwd, { bigint: true, throwIfNoEntry: false })?.ino === view.cwdInode;
  }
}

function mountNamespace(): bigint {
  try {
    const [, digits] = /\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/mnt')) ?? [];
    return BigInt(digits ?? 0);
  } catch {
    return 0n;
  }
}

/** Whether a process of another mount namespace has the same file systems mounted at the same places. */
function hasSameMounts(pid: number): boolean {
  try {
    return mountsOf(String(pid)) === mountsOf('self');
  } catch {
    return false; // it is gone, or another user's
  }
}

/** proc(5), mountinfo: device, root within it and mount point, without the ids that differ in every namespace. */
function mountsOf(process: string): string {
  const lines = readFileSync(`/proc/${process}/mountinfo`, 'utf8').split('\n');
  const mounts = lines
    .map(line => line.split(' ').slice(2, 5))
    .filter(([, , point]) => point && !otherworldly.test(point));
  return mounts
    .map(fields => fields.join(' '))
    .sort()
    .join('\n');
}
