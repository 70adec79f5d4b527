// The journal: what became of this machine's latest compiles, each with its account, so that `p2pcache why` and
// `p2pcache verify` have something to look at. Bounded in bytes; written in the background, a few at a time; a kill -9 costs
// the last seconds of it.
import type { DatabaseSync } from 'node:sqlite';
import { type Digest, parseDigest } from '../digest.ts';
import { journalBytesMax, journalPendingMax } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import { IndexDatabase } from '../store/index-database.ts';
import { type CompileAccount, decodeAccount, encodeAccount } from './compile-account.ts';

export type Outcome = 'hit' | 'miss' | 'uncached';

export interface JournalEntry {
  /** Absolute; empty where the command was not understood far enough. */
  readonly output: string;
  readonly source: string;
  readonly cwd: string;
  /** How teammates ask for it (`accountsKey`); undefined where there is nothing to tell. */
  readonly place: Digest | undefined;
  /** Undefined where it was not cached. */
  readonly action: Digest | undefined;
  readonly outcome: Outcome;
  /** Of a hit the tier or the member; of a miss how widely its result is shared; else the reason. */
  readonly detail: string;
  /** Asked when the entry is written, not before. */
  readonly account: () => CompileAccount | undefined;
}

export interface JournalRow extends Omit<JournalEntry, 'account' | 'place'> {
  readonly atMs: number;
  /** Rises with every compile. */
  readonly order: number;
  readonly account: CompileAccount | undefined;
}

const schema = `
  CREATE TABLE compiles (
    output TEXT NOT NULL,
    source TEXT NOT NULL,
    cwd TEXT NOT NULL,
    place TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    account BLOB,
    PRIMARY KEY (output, source, action)
  ) STRICT;
  CREATE INDEX compiles_by_source ON compiles (source);
  CREATE INDEX compiles_by_place ON compiles (place) WHERE place <> '';
  CREATE INDEX compiles_by_action ON compiles (action);
  CREATE INDEX compiles_by_rank ON compiles (rank);
`;

const flushDelayMs = 300;
const sliceDelayMs = 5;
const sliceCountMax = 16;
/** A repeat costs less to note than a compile by so much. */
const repeatsPerSlice = 4;
const rowsAnsweredMax = 16;
/** What a row takes beside its account. */
const rowBytes = 600;
const keptRatio = 0.9;
const trimmedAtOnce = 64;

type Statements = ReturnType<typeof prepare>;
type Pending = JournalEntry & { readonly atMs: number; readonly order: number };
type Repeat = Pick<Pending, 'outcome' | 'detail' | 'atMs' | 'order'>;

export class CompileJournal {
  readonly #database: IndexDatabase<Statements>;
  readonly #clock: Clock;
  readonly #bytesMax: number;
  #pending: Pending[] = [];
  /** Repeated hits, by action and working folder. */
  readonly #repeats = new Map<string, Repeat>();
  #order: number;
  #bytes: number;
  #cancelFlush: (() => void) | undefined;
  #isClosed = false;

  /** Throws STORAGE where another process has it open, or the disk does not let it. */
  constructor({
    path,
    clock,
    bytesMax = journalBytesMax,
  }: { path: string; clock: Clock; bytesMax?: number }) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
    this.#database = new IndexDatabase({ path, version: 1, schema, prepare });
    const { last, bytes } = this.#database.use(({ summary }) => summary.get()) ?? {};
    this.#order = Number(last ?? 0);
    this.#bytes = Number(bytes ?? 0);
  }

  note(entry: JournalEntry): void {
    if (this.#pending.length >= journalPendingMax) this.#pending.shift();
    this.#order += 1;
    this.#pending.push({ ...entry, atMs: this.#clock.nowMs(), order: this.#order });
    this.#schedule(flushDelayMs);
  }

  /** An action that is in the journal was answered once more, in the same working folder. */
  noteRepeat(action: Digest, cwd: string, detail: string): void {
    if (this.#repeats.size >= journalPendingMax) this.#repeats.clear();
    this.#order += 1;
    const repeat: Repeat = { outcome: 'hit', detail, atMs: this.#clock.nowMs(), order: this.#order };
    this.#repeats.set(`${action}\0${cwd}`, repeat);
    this.#schedule(flushDelayMs);
  }

  /** Compiles that made the file at this absolute path; where none did, those that it is the source of. The latest first. */
  about(path: string): JournalRow[] {
    this.#flushAll();
    return this.#database.use(({ byOutput, bySource }) => {
      const made = byOutput.all(path, rowsAnsweredMax);
      return (made.length > 0 ? made : bySource.all(path, rowsAnsweredMax)).map(readRow);
    });
  }

  /** The latest compiles that teammates may hear of under this key. */
  atPlace(place: Digest): JournalRow[] {
    this.#flushAll();
    return this.#database.use(({ byPlace }) => byPlace.all(place, rowsAnsweredMax)).map(readRow);
  }

  /** Cached compiles that can be made again, the latest first, page by page. */
  *cached(): Generator<JournalRow> {
    this.#flushAll();
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const rows = this.#database.use(({ cached }) => cached.all(before, rowsAnsweredMax));
      for (const row of rows) {
        before = Number(row.rank);
        yield readRow(row);
      }
      if (rows.length < rowsAnsweredMax) return;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#pending = [];
    this.#repeats.clear();
    this.#database.use(({ clear }) => clear.run());
    this.#bytes = 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelFlush?.();
    try {
      this.#flushAll();
    } catch {
      // A full disk, say: the journal is the last thing to be missed.
    } finally {
      this.#database.close();
    }
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed) return;
    this.#cancelFlush ??= this.#clock.schedule(delayMs, () => {
      this.#cancelFlush = undefined;
      try {
        this.#flush(sliceCountMax);
      } catch {
        this.#pending = [];
      }
      if (this.#pending.length + this.#repeats.size > 0) this.#schedule(sliceDelayMs);
    });
  }

  #flushAll(): void {
    this.#flush(Number.POSITIVE_INFINITY);
  }

  #flush(countMax: number): void {
    const slice = this.#pending.splice(0, countMax);
    // A repeat can be of an entry that still waits.
    const repeats = this.#pending.length === 0 ? [...this.#repeats].slice(0, repeatsPerSlice * countMax) : [];
    if (slice.length + repeats.length === 0) return;
    this.#bytes += this.#database.transaction(statements => {
      let grown = 0;
      for (const entry of slice) grown += write(statements, entry);
      for (const [key, { outcome, detail, atMs, order }] of repeats) {
        const [action = '', cwd = ''] = key.split('\0');
        statements.repeat.run(outcome, detail, atMs, order, action, cwd);
      }
      return grown;
    });
    for (const [key] of repeats) this.#repeats.delete(key);
    if (this.#bytes > this.#bytesMax) this.#trim();
  }

  #trim(): void {
    this.#database.transaction(({ oldest, remove }) => {
      while (this.#bytes > this.#bytesMax * keptRatio) {
        const rows = oldest.all(trimmedAtOnce);
        if (rows.length === 0) return;
        for (const { output, source, action, bytes } of rows) {
          remove.run(output as string, source as string, action as string);
          this.#bytes -= Number(bytes) + rowBytes;
        }
      }
    });
  }
}

/** Returns by how many bytes the journal has grown. */
function write(statements: Statements, entry: Pending): number {
  const { output, source, cwd, outcome, detail, atMs, order } = entry;
  const action = entry.action ?? '';
  const known = statements.size.get(output, source, action);
  if (known !== undefined && outcome === 'hit') {
    statements.touch.run(outcome, detail, atMs, order, output, source, action);
    return 0;
  }
  const account = entry.account();
  const encoded = account === undefined ? null : encodeAccount(account, true);
  statements.upsert.run(
    output,
    source,
    cwd,
    entry.place ?? '',
    action,
    outcome,
    detail,
    atMs,
    order,
    encoded,
  );
  const before = known === undefined ? 0 : Number(known.bytes) + rowBytes;
  return (encoded?.byteLength ?? 0) + rowBytes - before;
}

function readRow(row: Record<string, unknown>): JournalRow {
  return {
    output: row.output as string,
    source: row.source as string,
    cwd: row.cwd as string,
    action: parseDigest(row.action),
    outcome: row.outcome as Outcome,
    detail: row.detail as string,
    atMs: Number(row.at_ms),
    order: Number(row.rank),
    account: row.account instanceof Uint8Array ? decodeAccount(row.account) : undefined,
  };
}

function prepare(database: DatabaseSync) {
  const latest = (where: string) =>
    database.prepare(`SELECT * FROM compiles WHERE ${where} ORDER BY rank DESC LIMIT ?`);
  return {
    summary: database.prepare(
      `SELECT max(rank) AS last, sum(coalesce(length(account), 0) + ${rowBytes}) AS bytes FROM compiles`,
    ),
    size: database.prepare(
      `SELECT coalesce(length(account), 0) AS bytes FROM compiles
       WHERE output = ? AND source = ? AND action = ?`,
    ),
    upsert: database.prepare('INSERT OR REPLACE INTO compiles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    touch: database.prepare(
      `UPDATE compiles SET outcome = ?, detail = ?, at_ms = ?, rank = ?
       WHERE output = ? AND source = ? AND action = ?`,
    ),
    repeat: database.prepare(
      'UPDATE compiles SET outcome = ?, detail = ?, at_ms = ?, rank = ? WHERE action = ? AND cwd = ?',
    ),
    byOutput: latest('output = ?'),
    bySource: latest('source = ?'),
    byPlace: latest("place = ? AND action <> ''"),
    cached: latest("rank < ? AND action <> '' AND account IS NOT NULL"),
    oldest: database.prepare(
      'SELECT output, source, action, coalesce(length(account), 0) AS bytes FROM compiles ORDER BY rank LIMIT ?',
    ),
    remove: database.prepare('DELETE FROM compiles WHERE output = ? AND source = ? AND action = ?'),
    clear: database.prepare('DELETE FROM compiles'),
  };
}
