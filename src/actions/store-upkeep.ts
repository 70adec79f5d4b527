// Looking after what lies on disk: whether all of it is sound, and what is of no use any more. Both walk through everything,
// a little at a time, while builds go on.
import type { Clock } from '../platform/clock.ts';
import { sleep } from '../platform/clock.ts';
import type { EvictingBlobStore } from '../store/evicting-blob-store.ts';
import { blobsOf } from './action-result.ts';
import type { DiskActionCache } from './disk-action-cache.ts';

export interface StoreParts {
  readonly disk: EvictingBlobStore;
  readonly records: DiskActionCache;
  readonly clock: Clock;
}

export interface StoreCheck {
  readonly blobs: number;
  /** Blobs whose bytes were not what their name says; they are gone now, and are fetched or made again when needed. */
  readonly corruptBlobs: number;
  readonly records: number;
  /** Records whose signature or form did not verify; gone now, too. */
  readonly corruptRecords: number;
  /** Records of which a blob is not here any more: never used, and no fault. */
  readonly incompleteRecords: number;
}

const yieldEvery = 64;

/** Reads every blob and every record. Rejects with the signal's reason when it is aborted. */
export async function checkStore(
  { disk, records, clock }: StoreParts,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (sofar: StoreCheck) => void } = {},
): Promise<StoreCheck> {
  const check = { blobs: 0, corruptBlobs: 0, records: 0, corruptRecords: 0, incompleteRecords: 0 };
  const step = async () => {
    signal?.throwIfAborted();
    onProgress?.({ ...check });
    await sleep(clock, 0);
  };
  for await (const shard of disk.shards()) {
    for (const digest of shard) {
      check.blobs += 1;
      if (!(await disk.check(digest))) check.corruptBlobs += 1;
    }
    await step();
  }
  for (const record of records.stored()) {
    check.records += 1;
    if (record === undefined) check.corruptRecords += 1;
    else if ((await disk.findMissing(blobsOf(record.result))).length > 0) check.incompleteRecords += 1;
    if (check.records % yieldEvery === 0) await step();
  }
  return check;
}

export interface Collected {
  readonly blobs: number;
  readonly records: number;
  readonly bytes: number;
}

/** Evicts down to the limits, and forgets the records that lost a blob. */
export async function collectGarbage(
  { disk, records, clock }: StoreParts,
  limits: { readonly sizeBytesMax: number; readonly ageMsMax: number },
): Promise<Collected> {
  const { blobs, bytes } = await disk.sweep(limits);
  let looked = 0;
  let forgotten = 0;
  for (const record of records.stored()) {
    looked += 1;
    if (looked % yieldEvery === 0) await sleep(clock, 0);
    if (record === undefined || (await disk.findMissing(blobsOf(record.result))).length === 0) continue;
    records.delete(record);
    forgotten += 1;
  }
  return { blobs, records: forgotten, bytes };
}
