// A blob store that also has the files that workers were told of, as long as they are unchanged: they are served from where
// they are, and never copied into the store.
import type { Digest } from '../digest.ts';
import type { BlobStore } from '../store/blob-store.ts';

export class OfferedBlobStore implements BlobStore {
  readonly #inner: BlobStore;
  readonly #offered: (digest: Digest) => Uint8Array | undefined;

  constructor(inner: BlobStore, offered: (digest: Digest) => Uint8Array | undefined) {
    this.#inner = inner;
    this.#offered = offered;
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#offered(digest) ?? (await this.#inner.get(digest, signal));
  }

  put(digest: Digest, bytes: Uint8Array): Promise<void> {
    return this.#inner.put(digest, bytes);
  }

  findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    return this.#inner.findMissing(digests);
  }

  delete(digest: Digest): Promise<void> {
    return this.#inner.delete(digest);
  }
}
