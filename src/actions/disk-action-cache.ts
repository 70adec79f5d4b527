// Records on disk, in an embedded database: committed when `put` resolves, verified again when they are used, and the
// recently used ones kept in memory, verified, so that a hot hit costs no signature check.
import { DatabaseSync } from 'node:sqlite';
import { type Digest, parseDigest } from '../digest.ts';
import { decodedActionsMax, recordsMax, recordsPerActionMax } from '../limits.ts';
import { IndexDatabase, type MovedAside } from '../store/index-database.ts';
import { type MemberKey, parseMemberKey } from '../team/identity.ts';
import { compareNewestFirst, type LocalActionCache, type RecordEntry } from './local-action-cache.ts';
import { decodeRecord, encodeRecord, type SignedRecord } from './signed-record.ts';

export interface DiskActionCacheOptions {
  /** The database file. */
  readonly path: string;
  /** Hears of every stored record that no longer verifies; it is dropped. */
  readonly onCorrupt?: (action: Digest) => void;
  /** Hears that the database was unusable and begun anew, and how many records could be taken over from it. */
  readonly onMovedAside?: (moved: MovedAside, recoveredCount: number) => void;
  /** Records kept; beyond it the oldest go. */
  readonly countMax?: number;
}

const schema = `
  CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    action TEXT NOT NULL,
    signer TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    record BLOB NOT NULL,
    UNIQUE (action, signer)
  ) STRICT;
  CREATE INDEX records_by_age ON records (created_at_ms, id);
  CREATE INDEX records_by_signer ON records (signer);
`;

const pageCount = 1_000;
/** The share of all records that goes at once when there are too many. */
const evictedRatio = 0.02;

type Statements = ReturnType<typeof prepare>;

export class DiskActionCache implements LocalActionCache {
  readonly #database: IndexDatabase<Statements>;
  readonly #options: DiskActionCacheOptions;
  readonly #countMax: number;
  // Verified records by action, least recently used first (a Map iterates in order of insertion).
  readonly #decoded = new Map<Digest, readonly SignedRecord[]>();
  #count: number;

  /** Throws STORAGE where another process has the database open, or the disk does not let it. */
  constructor(options: DiskActionCacheOptions) {
    this.#options = options;
    this.#countMax = options.countMax ?? recordsMax;
    let movedAside: MovedAside | undefined;
    let onMovedAside = (moved: MovedAside) => {
      movedAside = moved;
    };
    const { path } = options;
    this.#database = new IndexDatabase({
      path,
      version: 1,
      schema,
      prepare,
      onMovedAside: moved => onMovedAside(moved),
    });
    onMovedAside = moved => this.#recover(moved);
    this.#count = this.#countRows();
    if (movedAside !== undefined) this.#recover(movedAside);
  }

  async get(action: Digest): Promise<readonly SignedRecord[]> {
    const known = this.#decoded.get(action);
    if (known !== undefined) {
      this.#decoded.delete(action);
      this.#decoded.set(action, known);
      return known;
    }
    const rows = this.#database.use(({ find }) => find.all(action));
    if (rows.length === 0) return [];
    const records: SignedRecord[] = [];
    for (const { id, record: bytes } of rows) {
      const record = decodeRecord(bytes as Uint8Array);
      if (record?.action === action) records.push(record);
      else this.#drop(action, id as number);
    }
    records.sort(compareNewestFirst);
    this.#remember(action, records);
    return records;
  }

  async put(record: SignedRecord): Promise<void> {
    this.#insert(record);
    if (this.#count > this.#countMax) this.#evictOldest();
  }

  *entries(): Iterable<RecordEntry> {
    for (const { action, signer, createdAtMs } of this.#rows('entries'))
      yield { action, signer, createdAtMs };
  }

  *actions(): Iterable<Digest> {
    for (const { action } of this.#rows('newest')) yield action;
  }

  async deleteBySigner(signer: MemberKey): Promise<number> {
    this.#decoded.clear();
    const count = Number(this.#database.use(({ removeBySigner }) => removeBySigner.run(signer)).changes);
    this.#count -= count;
    return count;
  }

  /** Every record as it lies on disk, newest first; those that no longer verify are dropped and come as undefined. */
  *stored(): Iterable<SignedRecord | undefined> {
    for (const entry of this.#rows('entries')) {
      const rows = this.#database.use(({ find }) => find.all(entry.action));
      const row = rows.find(({ signer }) => signer === entry.signer);
      if (row === undefined) continue;
      const record = decodeRecord(row.record as Uint8Array);
      const isSound = record?.action === entry.action && record.signer === entry.signer;
      if (!isSound) {
        this.#decoded.delete(entry.action);
        this.#drop(entry.action, row.id as number);
      }
      yield isSound ? record : undefined;
    }
  }

  /** Forgets one record. */
  delete({ action, signer }: Pick<SignedRecord, 'action' | 'signer'>): void {
    this.#decoded.delete(action);
    this.#count -= Number(this.#database.use(({ removeOne }) => removeOne.run(action, signer)).changes);
  }

  /** Forgets every record; returns their number. */
  clear(): number {
    this.#decoded.clear();
    const count = Number(this.#database.use(({ clear }) => clear.run()).changes);
    this.#count -= count;
    return count;
  }

  close(): void {
    this.#database.close();
  }

  #insert(record: SignedRecord): void {
    const { action, signer, createdAtMs } = record;
    this.#decoded.delete(action);
    let knownCount = 0;
    this.#count += this.#database.transaction(statements => {
      const known = statements.findHeads.all(action);
      knownCount = known.length;
      const earlier = known.find(row => row.signer === signer);
      if (earlier !== undefined && (earlier.created_at_ms as number) > createdAtMs) return 0;
      statements.upsert.run(action, signer, createdAtMs, encodeRecord(record));
      if (earlier !== undefined) return 0;
      if (known.length < recordsPerActionMax) return 1;
      return 1 - Number(statements.trim.run(action, action, recordsPerActionMax).changes);
    });
    // What was just signed or received is verified already, and likely to be asked for next.
    if (knownCount === 0) this.#remember(action, [record]);
  }

  #remember(action: Digest, records: readonly SignedRecord[]): void {
    this.#decoded.set(action, records);
    if (this.#decoded.size <= decodedActionsMax) return;
    for (const coldest of this.#decoded.keys()) {
      this.#decoded.delete(coldest);
      break;
    }
  }

  #drop(action: Digest, id: number): void {
    this.#count -= Number(this.#database.use(({ remove }) => remove.run(id)).changes);
    this.#options.onCorrupt?.(action);
  }

  #evictOldest(): void {
    const surplus = this.#count - this.#countMax + Math.floor(this.#countMax * evictedRatio);
    this.#decoded.clear();
    this.#count -= Number(this.#database.use(({ removeOldest }) => removeOldest.run(surplus)).changes);
  }

  /** Page by page, each a query of its own: the caller may take its time, and write meanwhile. */
  *#rows(statement: 'entries' | 'newest'): Generator<RecordEntry> {
    let beforeMs = Number.MAX_SAFE_INTEGER;
    let beforeId = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const rows = this.#database.use(statements => statements[statement].all(beforeMs, beforeId, pageCount));
      for (const row of rows) {
        const action = parseDigest(row.action);
        const signer = parseMemberKey(row.signer);
        beforeMs = row.created_at_ms as number;
        beforeId = row.id as number;
        if (action !== undefined && signer !== undefined) yield { action, signer, createdAtMs: beforeMs };
      }
      if (rows.length < pageCount) return;
    }
  }

  #countRows(): number {
    return Number(this.#database.use(({ count }) => count.get())?.count ?? 0);
  }

  /** Takes over what can still be read of a database that was moved aside; whether a record is sound shows when it is used. */
  #recover(moved: MovedAside): void {
    this.#decoded.clear();
    this.#count = this.#database.transaction(({ upsert, count }) => {
      for (const { action, signer, createdAtMs, record } of readableRows(moved.path)) {
        upsert.run(action, signer, createdAtMs, record);
      }
      return Number(count.get()?.count);
    });
    this.#options.onMovedAside?.(moved, this.#count);
  }
}

/** The rows of a database of which parts may be unreadable: read from both ends up to the damage. */
function* readableRows(path: string): Generator<RecordEntry & { readonly record: Uint8Array }> {
  for (const order of ['ASC', 'DESC']) {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path);
      for (const row of database.prepare(`SELECT * FROM records ORDER BY id ${order}`).iterate()) {
        const action = parseDigest(row.action);
        const signer = parseMemberKey(row.signer);
        const { created_at_ms: createdAtMs, record } = row;
        if (action === undefined || signer === undefined || typeof createdAtMs !== 'number') continue;
        if (record instanceof Uint8Array) yield { action, signer, createdAtMs, record };
      }
      return;
    } catch {
      // The damage: what lies behind it is read from the other end.
    } finally {
      database?.close();
    }
  }
}

function prepare(database: DatabaseSync) {
  return {
    find: database.prepare('SELECT id, signer, record FROM records WHERE action = ?'),
    findHeads: database.prepare('SELECT signer, created_at_ms FROM records WHERE action = ?'),
    upsert: database.prepare(
      `INSERT INTO records (action, signer, created_at_ms, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (action, signer) DO UPDATE SET created_at_ms = excluded.created_at_ms, record = excluded.record`,
    ),
    trim: database.prepare(
      `DELETE FROM records WHERE action = ? AND id NOT IN
       (SELECT id FROM records WHERE action = ? ORDER BY created_at_ms DESC, signer LIMIT ?)`,
    ),
    remove: database.prepare('DELETE FROM records WHERE id = ?'),
    removeOne: database.prepare('DELETE FROM records WHERE action = ? AND signer = ?'),
    clear: database.prepare('DELETE FROM records'),
    removeBySigner: database.prepare('DELETE FROM records WHERE signer = ?'),
    removeOldest: database.prepare(
      'DELETE FROM records WHERE id IN (SELECT id FROM records ORDER BY created_at_ms, id LIMIT ?)',
    ),
    entries: database.prepare(
      `SELECT id, action, signer, created_at_ms FROM records
       WHERE (created_at_ms, id) < (?, ?) ORDER BY created_at_ms DESC, id DESC LIMIT ?`,
    ),
    newest: database.prepare(
      `SELECT id, action, signer, created_at_ms FROM records AS this
       WHERE (created_at_ms, id) < (?, ?) AND NOT EXISTS (SELECT 1 FROM records AS other
         WHERE other.action = this.action AND (other.created_at_ms, other.id) > (this.created_at_ms, this.id))
       ORDER BY created_at_ms DESC, id DESC LIMIT ?`,
    ),
    count: database.prepare('SELECT count(*) AS count FROM records'),
  };
}
