// Blobs in memory: the fastest tier of a daemon, and the twin that tests use for any other store.
import { type Digest, matchesDigest } from '../digest.ts';
import { CodedError } from '../errors.ts';
import type { BlobStore } from './blob-store.ts';

export class MemoryBlobStore implements BlobStore {
  // A Map iterates in order of insertion; every use re-inserts, so the first one is the least recently used.
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #sizeBytesMax: number;
  #sizeBytes = 0;

  /** Keeps at most `sizeBytesMax` bytes of blobs, dropping the least recently used; a blob larger than that is not kept. */
  constructor({ sizeBytesMax = Number.POSITIVE_INFINITY }: { readonly sizeBytesMax?: number } = {}) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) return undefined;
    this.#blobs.delete(digest);
    this.#blobs.set(digest, bytes);
    return bytes;
  }

  async put(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (!matchesDigest(bytes, digest)) throw new CodedError('REFUSED', `bytes do not match ${digest}`);
    this.#forget(digest);
    if (bytes.byteLength > this.#sizeBytesMax) return;
    // A copy: the caller may reuse its buffer, and a view would keep the whole frame it was cut from in memory.
    this.#blobs.set(digest, new Uint8Array(bytes));
    this.#sizeBytes += bytes.byteLength;
    for (const coldest of this.#blobs.keys()) {
      if (this.#sizeBytes <= this.#sizeBytesMax) break;
      this.#forget(coldest);
    }
  }

  async findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    return digests.filter(digest => !this.#blobs.has(digest));
  }

  async delete(digest: Digest): Promise<void> {
    this.#forget(digest);
  }

  clear(): void {
    this.#blobs.clear();
    this.#sizeBytes = 0;
  }

  #forget(digest: Digest): void {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) return;
    this.#blobs.delete(digest);
    this.#sizeBytes -= bytes.byteLength;
  }
}
