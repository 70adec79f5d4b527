// Whether a compile's inputs were the same from before it ran until now; else nobody knows what the compiler read.
import { isAsRead } from './file-stamp.ts';
import type { FileStates } from './file-states.ts';
import { absolutePath } from './input-manifest.ts';
import type { Observation } from './observation.ts';
import type { ProjectFolder } from './project-folder.ts';

/** A file changed this long before a compile's start could, by a coarse clock, have changed after it. */
const clockTickMs = 5;

/**
 * Files that the observer saw opened must be just those; of others (programs, libraries) and of folders that were listed it is
 * enough that they are older.
 */
export function areSettled(
  { reads, stamps, listed }: Pick<Observation, 'reads' | 'stamps'> & { readonly listed: Iterable<string> },
  folder: ProjectFolder,
  states: Pick<FileStates, 'changedSince'>,
  startedAtMs: number,
): boolean {
  const isOlder = (absolute: string) => !states.changedSince(absolute, startedAtMs - clockTickMs);
  const isAsItWas = (path: string) => {
    const absolute = absolutePath(path, folder);
    const stamp = stamps.get(path);
    return stamp === undefined ? isOlder(absolute) : isAsRead(absolute, stamp);
  };
  return [...reads].every(isAsItWas) && [...listed].every(path => isOlder(absolutePath(path, folder)));
}
