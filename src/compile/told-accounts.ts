// Accounts between teammates: a member whose compile missed asks the others what theirs of the same source was like. Nothing is
// made ahead of the question: the answer is a record, made from the journal when a teammate asks for its key.
import type { ActionCache } from '../actions/action-cache.ts';
import type { RecordClaim, SignedRecord } from '../actions/signed-record.ts';
import { type Digest, digestOf, emptyDigest } from '../digest.ts';
import { decode, encode } from '../encoding.ts';
import { inlineBlobSizeBytesMax } from '../limits.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { decodeAccount, encodeAccount } from './compile-account.ts';
import type { CompileJournal, JournalRow } from './compile-journal.ts';
import type { EarlierCompile } from './why.ts';

const outputName = 'accounts';

export class AccountTellingActionCache implements ActionCache {
  readonly #inner: ActionCache;
  readonly #journal: CompileJournal;
  readonly #blobs: BlobStore;
  readonly #sign: (claim: Omit<RecordClaim, 'teamId' | 'createdAtMs'>) => SignedRecord;

  /** `blobs`: where an answer's bytes wait to be fetched. */
  constructor(
    inner: ActionCache,
    parts: {
      readonly journal: CompileJournal;
      readonly blobs: BlobStore;
      readonly sign: (claim: Omit<RecordClaim, 'teamId' | 'createdAtMs'>) => SignedRecord;
    },
  ) {
    this.#inner = inner;
    this.#journal = parts.journal;
    this.#blobs = parts.blobs;
    this.#sign = parts.sign;
  }

  async get(action: Digest, signal?: AbortSignal): Promise<readonly SignedRecord[]> {
    const records = await this.#inner.get(action, signal);
    if (records.length > 0) return records;
    const rows = this.#journal.atPlace(action);
    if (rows.length === 0) return records;
    const bytes = encodeRows(rows);
    const digest = digestOf(bytes);
    await this.#blobs.put(digest, bytes);
    const result = {
      outputFiles: [{ path: outputName, digest, isExecutable: false }],
      stdout: emptyDigest,
      stderr: emptyDigest,
      exitCode: 0,
    };
    return [this.#sign({ kind: 'manifest', action, result, origin: 'local', durationMs: 0 })];
  }

  put(record: SignedRecord): Promise<void> {
    return this.#inner.put(record);
  }
}

/** As many of the latest as travel along with a record. */
function encodeRows(rows: readonly JournalRow[]): Uint8Array {
  const told: unknown[] = [];
  let room = inlineBlobSizeBytesMax - 1024;
  for (const { atMs, outcome, detail, account } of rows) {
    if (account === undefined) continue;
    const bytes = encodeAccount(account, false);
    room -= bytes.byteLength + detail.length + 64;
    if (room < 0) break;
    told.push([atMs, outcome === 'miss' ? detail : '', bytes]);
  }
  return encode(told);
}

/** The accounts in a teammate's answer; empty where it holds none. */
export function readToldAccounts(
  { result }: SignedRecord,
  blobs: ReadonlyMap<Digest, Uint8Array>,
  member: string,
): EarlierCompile[] {
  const [file] = result.outputFiles;
  const bytes = file && blobs.get(file.digest);
  if (file?.path !== outputName || bytes === undefined) return [];
  try {
    return (decode(bytes) as unknown[][]).flatMap(([atMs, detail, encoded]) => {
      const account = decodeAccount(encoded as Uint8Array);
      const isSound = account !== undefined && typeof atMs === 'number' && typeof detail === 'string';
      return isSound ? [{ account, atMs, detail, member }] : [];
    });
  } catch {
    return [];
  }
}
