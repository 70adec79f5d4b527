// Where immutable bytes live. Everything that holds blobs (memory, disk, peers) is one of these; each concern
// (verification, eviction, coalescing, peers) is a decorator of its own, stacked in node/compose.ts.
import type { Digest } from '../digest.ts';

export interface BlobStore {
  /** The blob's bytes, or undefined where this store does not have it. Bytes returned always match the digest. */
  get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Keeps the blob; resolves once it would survive a kill -9. Rejects with REFUSED when the bytes do not match. */
  put(digest: Digest, bytes: Uint8Array): Promise<void>;
  /** Those of `digests` that this store does not have. */
  findMissing(digests: readonly Digest[]): Promise<Digest[]>;
  /** Forgets the blob; no error where it is absent. */
  delete(digest: Digest): Promise<void>;
}
