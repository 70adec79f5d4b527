// A record counts only if every blob it names can be had: peers leave and stores evict, so a hit without this check could
// promise an object file that nobody holds any more.
import type { Digest } from '../digest.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { ActionCache } from './action-cache.ts';
import { blobsOf } from './action-result.ts';
import type { SignedRecord } from './signed-record.ts';

export class CompleteActionCache implements ActionCache {
  readonly #inner: ActionCache;
  readonly #blobs: Pick<BlobStore, 'findMissing'>;
  readonly #onIncomplete: (record: SignedRecord, missing: readonly Digest[]) => void;

  /** `onIncomplete` hears of every record passed over, and what it lacks. */
  constructor(
    inner: ActionCache,
    blobs: Pick<BlobStore, 'findMissing'>,
    onIncomplete: (record: SignedRecord, missing: readonly Digest[]) => void = () => {},
  ) {
    this.#inner = inner;
    this.#blobs = blobs;
    this.#onIncomplete = onIncomplete;
  }

  async get(action: Digest, signal?: AbortSignal): Promise<readonly SignedRecord[]> {
    const records = await this.#inner.get(action, signal);
    const named = new Set(records.flatMap(record => blobsOf(record.result)));
    if (named.size === 0) return records;
    const missing = new Set(await this.#blobs.findMissing([...named]));
    if (missing.size === 0) return records;
    return records.filter(record => {
      const lacks = blobsOf(record.result).filter(digest => missing.has(digest));
      if (lacks.length > 0) this.#onIncomplete(record, lacks);
      return lacks.length === 0;
    });
  }

  put(record: SignedRecord): Promise<void> {
    return this.#inner.put(record);
  }
}
