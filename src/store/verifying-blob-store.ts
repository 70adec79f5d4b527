// Trusts nothing that a store says: bytes that do not match their digest are refused on the way in and on the way out.
// Wraps stores that others write to (a peer, an HTTP cache); this machine's own stores verify by themselves.
import { type Digest, matchesDigest } from '../digest.ts';
import { CodedError } from '../errors.ts';
import type { BlobStore } from './blob-store.ts';

export class VerifyingBlobStore implements BlobStore {
  readonly #inner: BlobStore;
  readonly #onMismatch: (digest: Digest) => void;

  /** `onMismatch` hears of every blob that came back wrong; to the caller that is a miss. */
  constructor(inner: BlobStore, onMismatch: (digest: Digest) => void = () => {}) {
    this.#inner = inner;
    this.#onMismatch = onMismatch;
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const bytes = await this.#inner.get(digest, signal);
    if (bytes === undefined || matchesDigest(bytes, digest)) return bytes;
    this.#onMismatch(digest);
    return undefined;
  }

  async put(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (!matchesDigest(bytes, digest)) throw new CodedError('REFUSED', `bytes do not match ${digest}`);
    await this.#inner.put(digest, bytes);
  }

  findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    return this.#inner.findMissing(digests);
  }

  delete(digest: Digest): Promise<void> {
    return this.#inner.delete(digest);
  }
}
