// What the daemon starts runs below the work of whoever owns the machine.
import type { ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';

/** Sets a child's priority (os.constants.priority), before it starts others; they inherit it. Where it may not be, nothing happens. */
export function lowerPriority({ pid }: ChildProcess, priority: number): void {
  try {
    if (pid !== undefined) setPriority(pid, priority);
  } catch {
    // it has ended already, or may not be changed: it runs as it is
  }
}
