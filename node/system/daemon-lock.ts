// One daemon per home. Node has no flock, but SQLite's exclusive lock is one: the kernel lets go of it however the process
// ends, so a daemon that was killed never blocks the next one, and no stale pid file has to be judged.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../src/errors.ts';

const sqliteBusy = 5;

/** Holds the lock of `runDir` until the returned function is called or the process ends. Throws AMBIGUOUS when another
 * daemon holds it, STORAGE when the folder cannot be used. */
export function takeDaemonLock(runDir: string): () => void {
  const file = join(runDir, 'daemon.lock');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const held = database;
    return () => held.close();
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) {
      throw new CodedError('AMBIGUOUS', 'another daemon runs for this home already', {
        hint: 'see it with: p2pcache status',
      });
    }
    throw new CodedError('STORAGE', `cannot use ${file}: ${(error as Error).message}`, {
      hint: 'make the folder writable, or set P2PCACHE_HOME to another one',
      cause: error,
    });
  }
}
