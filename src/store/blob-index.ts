// What eviction needs to know of the blobs on disk: how much room each takes and when it was last used. Only eviction
// depends on it: hits read the files, so a lost or stale index costs a scan, never a blob.
import type { DatabaseSync } from 'node:sqlite';
import { type Digest, parseDigest } from '../digest.ts';
import { blobIndexPendingMax } from '../limits.ts';
import { IndexDatabase, type MovedAside } from './index-database.ts';

export interface BlobIndexOptions {
  /** The database file. */
  readonly path: string;
  /** Hears that the database was unusable; the blobs must be scanned again (`needsScan` says so too). */
  readonly onMovedAside?: (moved: MovedAside) => void;
}

export interface IndexedBlob {
  readonly digest: Digest;
  readonly storedSizeBytes: number;
  readonly usedAtMs: number;
}

interface PendingUse {
  /** Undefined for a use of a blob that is indexed already. */
  readonly storedSizeBytes: number | undefined;
  readonly usedAtMs: number;
}

const schema = `
  CREATE TABLE blobs (
    digest TEXT PRIMARY KEY,
    stored_size_bytes INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blobs_by_use ON blobs (used_at_ms);
  -- One row while a process has the index open: found at the next opening, it tells that the process was killed.
  CREATE TABLE unclean (since_ms INTEGER NOT NULL) STRICT;
`;

type Statements = ReturnType<typeof prepare>;

export class BlobIndex {
  readonly #database: IndexDatabase<Statements>;
  // Uses come thousands a second and matter little: they are written together, not one by one.
  readonly #pending = new Map<Digest, PendingUse>();
  #sizeBytes = 0;
  #isMarked = false;
  #needsScan = false;

  /** Throws STORAGE where another process has the index open: whoever holds the index holds the store. */
  constructor({ path, onMovedAside = () => {} }: BlobIndexOptions) {
    const handleMovedAside = (moved: MovedAside) => {
      this.#needsScan = true;
      this.#isMarked = false;
      this.#sizeBytes = 0;
      onMovedAside(moved);
    };
    this.#database = new IndexDatabase({ path, version: 1, schema, prepare, onMovedAside: handleMovedAside });
    this.#database.use(statements => {
      this.#needsScan ||= statements.findUnclean.get() !== undefined;
      this.#sizeBytes = Number(statements.sum.get()?.total ?? 0);
    });
  }

  /** Bytes on disk of all blobs, as of the last `flush`. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether blobs may lie on disk that the index does not know of: it was killed, or the database was lost. */
  get needsScan(): boolean {
    return this.#needsScan;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Notes that blobs are about to be written, so that the ones a kill leaves unindexed are looked for. Throws STORAGE. */
  expectBlobs(nowMs: number): void {
    if (this.#isMarked) return;
    this.#database.use(statements => statements.markUnclean.run(nowMs));
    this.#isMarked = true;
  }

  /** Notes a blob that now lies on disk. */
  add(digest: Digest, storedSizeBytes: number, usedAtMs: number): void {
    this.#note(digest, { storedSizeBytes, usedAtMs });
  }

  /** Notes a use of a blob; without effect where the index does not know it. */
  touch(digest: Digest, usedAtMs: number): void {
    this.#note(digest, { storedSizeBytes: this.#pending.get(digest)?.storedSizeBytes, usedAtMs });
  }

  #note(digest: Digest, use: PendingUse): void {
    // Writes have been failing for long: rather forget some uses than grow without end. A scan finds the blobs again.
    if (this.#pending.size >= blobIndexPendingMax) {
      this.#pending.clear();
      this.#needsScan = true;
    }
    this.#pending.set(digest, use);
  }

  has(digest: Digest): boolean {
    return this.#pending.has(digest) || this.#database.use(({ find }) => find.get(digest)) !== undefined;
  }

  /** Writes what was noted. Throws STORAGE where the disk does not let it; nothing noted is lost then. */
  flush(): void {
    if (this.#pending.size === 0) return;
    const grown = this.#database.transaction(statements => {
      let total = 0;
      for (const [digest, use] of this.#pending) total += write(statements, digest, use);
      return total;
    });
    this.#sizeBytes += grown;
    this.#pending.clear();
  }

  /** The least recently used blobs from `offset` on, coldest first, of those already written. */
  coldest(countMax: number, offset = 0): IndexedBlob[] {
    const rows = this.#database.use(statements => statements.coldest.all(countMax, offset));
    // A row that spells no digest (the disk rotted) names no file, so it could never be evicted: it is skipped.
    return rows.flatMap(row => {
      const digest = parseDigest(row.digest);
      if (digest === undefined) return [];
      const { stored_size_bytes: size, used_at_ms: usedAtMs } = row;
      return [{ digest, storedSizeBytes: Number(size), usedAtMs: Number(usedAtMs) }];
    });
  }

  /** Forgets blobs that no longer lie on disk. */
  forget(digests: readonly Digest[]): void {
    for (const digest of digests) this.#pending.delete(digest);
    this.#sizeBytes -= this.#database.transaction(({ remove }) => {
      let total = 0;
      for (const digest of digests) total += Number(remove.get(digest)?.stored_size_bytes ?? 0);
      return total;
    });
  }

  /** Call when every blob on disk has been added: the next opening needs no scan unless this process is killed. */
  finishScan(): void {
    this.#needsScan = false;
  }

  /** Writes what was noted and lets the store go. `isComplete`: whether no blob is still being written. */
  close(isComplete = true): void {
    try {
      this.flush();
      if (isComplete && !this.#needsScan) this.#database.use(statements => statements.clearUnclean.run());
    } finally {
      this.#database.close();
    }
  }
}

/** Returns by how many bytes the indexed blobs have grown. */
function write(statements: Statements, digest: Digest, { storedSizeBytes, usedAtMs }: PendingUse): number {
  if (storedSizeBytes === undefined) {
    statements.touch.run(usedAtMs, digest);
    return 0;
  }
  const before = statements.find.get(digest)?.stored_size_bytes;
  statements.upsert.run(digest, storedSizeBytes, usedAtMs);
  return storedSizeBytes - Number(before ?? 0);
}

function prepare(database: DatabaseSync) {
  return {
    find: database.prepare('SELECT stored_size_bytes FROM blobs WHERE digest = ?'),
    upsert: database.prepare(
      'INSERT OR REPLACE INTO blobs (digest, stored_size_bytes, used_at_ms) VALUES (?, ?, ?)',
    ),
    touch: database.prepare('UPDATE blobs SET used_at_ms = ? WHERE digest = ?'),
    remove: database.prepare('DELETE FROM blobs WHERE digest = ? RETURNING stored_size_bytes'),
    coldest: database.prepare('SELECT * FROM blobs ORDER BY used_at_ms, digest LIMIT ? OFFSET ?'),
    sum: database.prepare('SELECT sum(stored_size_bytes) AS total FROM blobs'),
    findUnclean: database.prepare('SELECT since_ms FROM unclean LIMIT 1'),
    markUnclean: database.prepare('INSERT INTO unclean (since_ms) VALUES (?)'),
    clearUnclean: database.prepare('DELETE FROM unclean'),
  };
}
