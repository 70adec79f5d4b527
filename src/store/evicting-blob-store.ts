// Keeps the disk store under its size: when it has outgrown it, the least recently used blobs go, until a tenth is free.
// Eviction runs beside the build, a few blobs at a time, and never touches what is pinned.
import type { Digest } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';
import type { BlobIndex } from './blob-index.ts';
import type { BlobStore } from './blob-store.ts';
import type { DiskBlobStore } from './disk-blob-store.ts';

export interface EvictingOptions {
  /** Bytes on disk that the blobs may take; passed for a moment at most, by what is put in one second. */
  readonly sizeBytesMax: number;
  readonly clock: Clock;
  /** Hears of every blob evicted. */
  readonly onEvicted?: (digest: Digest, storedSizeBytes: number) => void;
  /** Hears of trouble in the background (a full disk, say); nobody waits for that work. */
  readonly onError?: (error: unknown) => void;
}

// Down to this share of the limit, so that a full store does not evict on every put.
const targetRatio = 0.9;
const flushDelayMs = 1_000;
const flushCountMax = 512;
const evictCountMax = 64;
const scanCountMax = 64;

export class EvictingBlobStore implements BlobStore {
  readonly #store: DiskBlobStore;
  readonly #index: BlobIndex;
  readonly #options: EvictingOptions;
  readonly #pins = new Map<Digest, number>();
  #cancelFlush: (() => void) | undefined;
  #eviction: Promise<void> | undefined;
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
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    const bytes = await this.#store.get(digest);
    if (bytes !== undefined) {
      this.#index.touch(digest, this.#options.clock.nowMs());
      this.#scheduleFlush();
    }
    return bytes;
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
    if (this.#index.sizeBytes <= this.#options.sizeBytesMax) return;
    this.#eviction ??= this.#evict()
      .catch(error => this.#options.onError?.(error))
      .finally(() => {
        this.#eviction = undefined;
      });
  }

  async #evict(): Promise<void> {
    const target = this.#options.sizeBytesMax * targetRatio;
    let pinnedCount = 0;
    while (this.#index.sizeBytes > target && !this.#isClosed) {
      this.#index.flush();
      const coldest = this.#index.coldest(evictCountMax, pinnedCount);
      if (coldest.length === 0) return;
      const evicted: Digest[] = [];
      let surplusBytes = this.#index.sizeBytes - target;
      for (const { digest, storedSizeBytes } of coldest) {
        if (surplusBytes <= 0) break;
        if (this.#pins.has(digest)) {
          pinnedCount += 1;
          continue;
        }
        this.#store.deleteNow(digest);
        this.#options.onEvicted?.(digest, storedSizeBytes);
        evicted.push(digest);
        surplusBytes -= storedSizeBytes;
      }
      this.#index.forget(evicted);
      // Builds first: whatever waits runs between two handfuls.
      await new Promise<void>(resolve => this.#options.clock.schedule(0, resolve));
    }
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
