// One embedded database of the store: node:sqlite. It needs no dependency and no install script, a kill -9 at any point
// loses nothing committed (write-ahead log), and a look-up takes microseconds. What it adds over SQLite: one process at a
// time, a schema version, and a database that cannot be used is moved aside and begun anew, so the cache always opens.
import { accessSync, constants, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../errors.ts';
import { storageError } from './storage-error.ts';

export interface IndexDatabaseOptions<Statements> {
  readonly path: string;
  /** Changes whenever `schema` does; a database of another version is moved aside. At least 1. */
  readonly version: number;
  /** SQL that makes the tables of an empty database. */
  readonly schema: string;
  /** The prepared statements, made once per open database. */
  readonly prepare: (database: DatabaseSync) => Statements;
  /** Called after a database had to be moved aside and an empty one stands in its place. */
  readonly onMovedAside?: (moved: MovedAside) => void;
}

export interface MovedAside {
  /** Where the unusable database lies now; it may still hold readable rows. */
  readonly path: string;
  readonly reason: string;
}

// How long a daemon that starts waits for the one that is just ending.
const busyTimeoutMs = 2_000;

// https://www.sqlite.org/rescode.html
const sqliteCodes = {
  perm: 3,
  busy: 5,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notDatabase: 26,
};

export class IndexDatabase<Statements> {
  readonly #options: IndexDatabaseOptions<Statements>;
  #database: DatabaseSync;
  #statements: Statements;

  /** Opens or makes the database. Throws STORAGE where another process has it open, or the disk does not let it. */
  constructor(options: IndexDatabaseOptions<Statements>) {
    this.#options = options;
    try {
      mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
      // SQLite calls a read-only disk an I/O error; the file system says what it is.
      accessSync(dirname(options.path), constants.W_OK | constants.X_OK);
    } catch (error) {
      throw storageError(error, options.path);
    }
    let movedAside: MovedAside | undefined;
    try {
      [this.#database, this.#statements] = open(options);
    } catch (error) {
      if (!isUnusable(error)) throw databaseError(error, options.path);
      movedAside = moveAside(options.path, error);
      [this.#database, this.#statements] = openOrThrow(options);
    }
    if (movedAside !== undefined) options.onMovedAside?.(movedAside);
  }

  /** Runs `operation`; where the database turns out to be corrupt, begins it anew and runs the operation once more.
   * Throws STORAGE where the disk is full or fails. */
  use<T>(operation: (statements: Statements) => T): T {
    try {
      return operation(this.#statements);
    } catch (error) {
      if (!isUnusable(error)) throw databaseError(error, this.#options.path);
      this.#startAnew(error);
    }
    try {
      return operation(this.#statements);
    } catch (error) {
      throw databaseError(error, this.#options.path);
    }
  }

  /** As `use`, with everything that `operation` writes committed together or not at all. */
  transaction<T>(operation: (statements: Statements) => T): T {
    return this.use(statements => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = operation(statements);
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #startAnew(cause: unknown): void {
    this.close();
    const movedAside = moveAside(this.#options.path, cause);
    [this.#database, this.#statements] = openOrThrow(this.#options);
    this.#options.onMovedAside?.(movedAside);
  }
}

function openOrThrow<S>(options: IndexDatabaseOptions<S>): [DatabaseSync, S] {
  try {
    return open(options);
  } catch (error) {
    throw databaseError(error, options.path);
  }
}

function open<S>({ path, version, schema, prepare }: IndexDatabaseOptions<S>): [DatabaseSync, S] {
  const database = new DatabaseSync(path);
  try {
    // Exclusive: one daemon per store, and no shared-memory file. Taken at once, and let go by the kernel on a kill -9.
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}; PRAGMA locking_mode = EXCLUSIVE`);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON');
    database.exec('BEGIN IMMEDIATE');
    const found = database.prepare('PRAGMA user_version').get()?.user_version;
    if (found !== version && !isEmpty(database))
      throw new UnusableError(`its version is ${found}, not ${version}`);
    if (found !== version) database.exec(`${schema}; PRAGMA user_version = ${version}`);
    database.exec('COMMIT');
    return [database, prepare(database)];
  } catch (error) {
    database.close();
    throw error;
  }
}

class UnusableError extends Error {}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables === 0;
}

function isUnusable(error: unknown): boolean {
  if (error instanceof UnusableError) return true;
  const code = sqliteCode(error);
  // A number that no JavaScript number can hold was never written by us.
  const isOutOfRange = (error as NodeJS.ErrnoException).code === 'ERR_OUT_OF_RANGE';
  return code === sqliteCodes.corrupt || code === sqliteCodes.notDatabase || isOutOfRange;
}

/** SQLite's primary result code, or undefined where the error is not SQLite's. */
function sqliteCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

// Only the newest unusable database is kept: it is evidence, not a backup.
function moveAside(path: string, cause: unknown): MovedAside {
  const aside = `${path}.unusable`;
  try {
    for (const suffix of ['', '-wal', '-shm', '-journal']) {
      rmSync(aside + suffix, { force: true });
      moveIfThere(path + suffix, aside + suffix);
    }
  } catch (error) {
    throw storageError(error, path);
  }
  return { path: aside, reason: cause instanceof Error ? cause.message : String(cause) };
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function databaseError(cause: unknown, path: string): unknown {
  const code = sqliteCode(cause);
  const isClosed = (cause as NodeJS.ErrnoException).code === 'ERR_INVALID_STATE';
  if (code === undefined) return isClosed ? storageError(new Error('the database is closed'), path) : cause;
  if (code === sqliteCodes.busy) {
    const hint =
      'stop the other daemon (`p2pcache stop`), or give this one another folder with P2PCACHE_HOME';
    return new CodedError('STORAGE', `another process uses the store: ${path}`, { hint, cause });
  }
  const { full, readOnly, perm, cannotOpen } = sqliteCodes;
  if (code === full) return storageError({ code: 'ENOSPC' }, path);
  if (code === readOnly || code === perm || code === cannotOpen)
    return storageError({ code: 'EACCES' }, path);
  return storageError(cause, path);
}
