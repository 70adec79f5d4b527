// Keeps the disk store within its limits: when it has outgrown its size, the least recently used blobs go, until a tenth is
// free; and what was not used for longer than the age limit goes in any case. Eviction runs beside the build, a few blobs
// at a time, and never touches what is pinned (what is being written).
import type { Digest } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';
import type { BlobIndex } from './blob-index.ts';
import type { BlobStore } from './blob-store.ts';
import type { DiskBlobStore } from './disk-blob-store.ts';

export interface EvictingOptions {
  /** Bytes on disk that the blobs may take; passed for a moment at most, by what is put in one second. */
  readonly sizeBytesMax: number;
  /** Blobs that were not used for so long go; 0: they stay. */
  readonly ageMsMax?: number;
  readonly clock: Clock;
  /** Hears of every blob evicted. */
  readonly onEvicted?: (digest: Digest, storedSizeBytes: number) => void;
  /** Hears of trouble in the background (a full disk, say); nobody waits for that work. */
  readonly onError?: (error: unknown) => void;
}

export interface Evicted {
  readonly blobs: number;
  readonly bytes: number;
}

// Down to this share of the limit, so that a full store does not evict on every put.
const targetRatio = 0.9;
const flushDelayMs = 1_000;
const flushCountMax = 512;
const evictCountMax = 64;
const scanCountMax = 64;
/** A blob's use is noted once in this time: to the minute nobody needs to know. */
const touchEveryMs = 10 * 60_000;
const touchesRememberedMax = 65_536;
/** How often old blobs are looked for. */
const sweepEveryMs = 60 * 60_000;

export class EvictingBlobStore implements BlobStore {
  readonly #store: DiskBlobStore;
  readonly #index: BlobIndex;
  readonly #options: EvictingOptions;
  readonly #pins = new Map<Digest, number>();
  readonly #touchedAtMs = new Map<Digest, number>();
  #cancelFlush: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;
  #eviction: Promise<Evicted> | undefined;
  #isClosed = false;

  constructor(store: DiskBlobStore, index: BlobIndex, options: EvictingOptions) {
    this.#store = store;
    this.#index = index;
    this.#options = options;
  }

  /** Bytes that the blobs take on disk, within a second's puts. */
  get sizeBytes(): number {
    return this.#index.sizeBytes;
  }

  /** Clears up after a process that was killed: finds blobs that the index does not know, removes half-written ones.
   * Call once after opening; the store works meanwhile. Never rejects. */
  async recover(): Promise<void> {
    try {
      await this.#store.removeTemporaries();
      if (this.#index.needsScan) await this.#scan();
      this.#flush();
    } catch (error) {
      this.#options.onError?.(error);
    }
    this.#sweepFromNowOn();
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    const bytes = await this.#store.get(digest);
    if (bytes !== undefined) this.touch(digest);
    return bytes;
  }

  /** Notes that a blob was used, from wherever its bytes came: it is not to be the first to go. */
  touch(digest: Digest): void {
    const nowMs = this.#options.clock.nowMs();
    const lastMs = this.#touchedAtMs.get(digest);
    if (lastMs !== undefined && nowMs - lastMs < touchEveryMs) return;
    if (this.#touchedAtMs.size >= touchesRememberedMax) this.#touchedAtMs.clear();
    this.#touchedAtMs.set(digest, nowMs);
    this.#index.touch(digest, nowMs);
    this.#scheduleFlush();
  }

  /** Reads the blob and drops it where it is corrupt, without counting as a use. Whether it is sound. */
  async check(digest: Digest): Promise<boolean> {
    if ((await this.#store.get(digest)) !== undefined) return true;
    this.#index.forget([digest]);
    return false;
  }

  /** The names of all blobs on disk, one shard at a time. */
  shards(): AsyncGenerator<readonly Digest[]> {
    return this.#store.shards();
  }

  /** Evicts down to these limits, now. */
  async sweep(limits: { readonly sizeBytesMax: number; readonly ageMsMax: number }): Promise<Evicted> {
    await this.#eviction;
    this.#index.flush();
    const running = this.#evict(limits.sizeBytesMax, limits.ageMsMax);
    this.#eviction = running;
    try {
      return await running;
    } finally {
      this.#eviction = undefined;
    }
  }

  /** Forgets every blob. */
  async clear(): Promise<Evicted> {
    let blobs = 0;
    const bytes = this.sizeBytes;
    for await (const shard of this.#store.shards()) {
      for (const digest of shard) this.#store.deleteNow(digest);
      this.#index.forget(shard);
      blobs += shard.length;
    }
    this.#touchedAtMs.clear();
    return { blobs, bytes: Math.max(0, bytes - this.sizeBytes) };
  }

  async put(digest: Digest, bytes: Uint8Array): Promise<void> {
    const unpin = this.pin([digest]);
    try {
      this.#index.expectBlobs(this.#options.clock.nowMs());
      await this.#store.put(digest, bytes);
      const storedSizeBytes = this.#store.storedSizeBytes(digest);
      if (storedSizeBytes === undefined) return;
      this.#index.add(digest, storedSizeBytes, this.#options.clock.nowMs());
      this.#scheduleFlush();
    } finally {
      unpin();
    }
  }

  findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    return this.#store.findMissing(digests);
  }

  async delete(digest: Digest): Promise<void> {
    this.#store.deleteNow(digest);
    this.#index.forget([digest]);
  }

  /** Keeps these blobs from eviction until the returned function is called (once). */
  pin(digests: readonly Digest[]): () => void {
    for (const digest of digests) this.#pins.set(digest, (this.#pins.get(digest) ?? 0) + 1);
    return () => {
      for (const digest of digests) {
        const count = (this.#pins.get(digest) ?? 0) - 1;
        if (count > 0) this.#pins.set(digest, count);
        else this.#pins.delete(digest);
      }
    };
  }

  /** Resolves once no eviction is under way; for tests and for closing. */
  async settled(): Promise<void> {
    this.#flush();
    await this.#eviction;
  }

  /** Writes what is noted and closes the index; once is enough. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelFlush?.();
    this.#cancelSweep?.();
    await this.#eviction;
    try {
      // A put that is still under way holds its pin.
      this.#index.close(this.#pins.size === 0);
    } catch (error) {
      // A full disk, say: what could not be written is found by the next opening's scan.
      this.#options.onError?.(error);
    }
  }

  #scheduleFlush(): void {
    if (this.#index.pendingCount >= flushCountMax) this.#flush();
    else this.#cancelFlush ??= this.#options.clock.schedule(flushDelayMs, () => this.#flush());
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#isClosed) return;
    try {
      this.#index.flush();
    } catch (error) {
      this.#options.onError?.(error);
    }
    const { sizeBytesMax } = this.#options;
    if (this.#index.sizeBytes > sizeBytesMax) this.#startEviction(sizeBytesMax * targetRatio);
  }

  #sweepFromNowOn(): void {
    if (this.#isClosed || !this.#options.ageMsMax) return;
    this.#startEviction(Number.POSITIVE_INFINITY);
    this.#cancelSweep = this.#options.clock.schedule(sweepEveryMs, () => this.#sweepFromNowOn());
  }

  #startEviction(targetBytes: number): void {
    this.#eviction ??= this.#evict(targetBytes, this.#options.ageMsMax ?? 0)
      .catch(error => {
        this.#options.onError?.(error);
        return { blobs: 0, bytes: 0 };
      })
      .finally(() => {
        this.#eviction = undefined;
      });
  }

  /** Until the blobs take no more than `targetBytes` and none was last used longer ago than `ageMsMax` (0: any age will do). */
  async #evict(targetBytes: number, ageMsMax: number): Promise<Evicted> {
    const usedSinceMs = ageMsMax > 0 ? this.#options.clock.nowMs() - ageMsMax : 0;
    const total = { blobs: 0, bytes: 0 };
    let pinnedCount = 0;
    for (let isDone = false; !isDone && !this.#isClosed; ) {
      this.#index.flush();
      const coldest = this.#index.coldest(evictCountMax, pinnedCount);
      const evicted: Digest[] = [];
      let surplusBytes = this.#index.sizeBytes - targetBytes;
      isDone = coldest.length === 0;
      for (const { digest, storedSizeBytes, usedAtMs } of coldest) {
        isDone = surplusBytes <= 0 && usedAtMs >= usedSinceMs;
        if (isDone) break;
        if (this.#pins.has(digest)) {
          pinnedCount += 1;
          continue;
        }
        this.#store.deleteNow(digest);
        this.#options.onEvicted?.(digest, storedSizeBytes);
        evicted.push(digest);
        surplusBytes -= storedSizeBytes;
        total.bytes += storedSizeBytes;
      }
      total.blobs += evicted.length;
      this.#index.forget(evicted);
      // Builds first: whatever waits runs between two handfuls.
      if (!isDone) await new Promise<void>(resolve => this.#options.clock.schedule(0, resolve));
    }
    return total;
  }

  async #scan(): Promise<void> {
    for await (const shard of this.#store.shards()) {
      const unknown = shard.filter(digest => !this.#index.has(digest));
      for (let start = 0; start < unknown.length && !this.#isClosed; start += scanCountMax) {
        const found = await Promise.all(
          unknown.slice(start, start + scanCountMax).map(digest => this.#store.describe(digest)),
        );
        for (const blob of found) {
          if (blob !== undefined) this.#index.add(blob.digest, blob.storedSizeBytes, blob.modifiedAtMs);
        }
        this.#index.flush();
      }
      if (this.#isClosed) return;
    }
    this.#index.finishScan();
  }
}
