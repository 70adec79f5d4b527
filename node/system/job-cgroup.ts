// A control group for the farm's jobs, where this user may make one: it bounds the number of processes and the memory of all
// jobs together. Resource limits bound them for ordinary users (each user namespace counts its own processes); root they
// do not, so for root this is what stops a fork bomb.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class JobCgroup {
  readonly #folders: readonly string[];

  private constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Undefined where none can be made. */
  static make(name: string, limits: { processes: number; memoryBytes: number }): JobCgroup | undefined {
    const folders: string[] = [];
    for (const [parent, file, value] of bounds(limits)) {
      const folder = join(parent, name);
      try {
        if (!existsSync(folder)) mkdirSync(folder); // not recursively: where no groups are mounted, Node would try for ever
        writeFileSync(join(folder, file), String(value));
        folders.push(folder);
      } catch {
        // not ours to make, or without this controller
        if (!folders.includes(folder)) removeIfThere(folder);
      }
    }
    return folders.length === 0 ? undefined : new JobCgroup([...new Set(folders)]);
  }

  /** What comes before a command that is to run within. */
  wrapper(): string[] {
    const enter = this.#folders.map(folder => `echo $$ > '${join(folder, 'cgroup.procs')}'`).join(' && ');
    return ['/bin/sh', '-c', `${enter}; exec "$@"`, 'sh'];
  }

  delete(): void {
    for (const folder of this.#folders) removeIfThere(folder);
  }
}

function removeIfThere(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // it never came to be, or a job is just ending in it
  }
}

/** Parent folder, file and value of each bound: cgroup v1 has a hierarchy for each controller, v2 one for all. */
function* bounds(limits: { processes: number; memoryBytes: number }): Generator<[string, string, number]> {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  for (const line of lines) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const names = controllers.split(',');
    if (names.includes('pids')) yield [`/sys/fs/cgroup/pids${path}`, 'pids.max', limits.processes];
    if (names.includes('memory'))
      yield [`/sys/fs/cgroup/memory${path}`, 'memory.limit_in_bytes', limits.memoryBytes];
    // beside v1 hierarchies the one of v2 is mounted elsewhere, and bounds nothing
    if (controllers === '' && existsSync('/sys/fs/cgroup/cgroup.controllers')) {
      yield [`/sys/fs/cgroup${path}`, 'pids.max', limits.processes];
      yield [`/sys/fs/cgroup${path}`, 'memory.max', limits.memoryBytes];
    }
  }
}
