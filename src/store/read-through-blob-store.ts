// Two stores as one: the near one is asked first, and keeps what had to come from the far one.
import type { Digest } from '../digest.ts';
import type { BlobStore } from './blob-store.ts';

export interface ReadThroughOptions {
  /** Whether puts and deletes go to the far store too (memory before disk: yes; disk before peers: no). */
  readonly isWriteThrough: boolean;
  /** Hears why a blob could not be kept nearby; the reader gets the blob all the same. */
  readonly onFillFailed?: (error: unknown) => void;
}

export class ReadThroughBlobStore implements BlobStore {
  readonly #near: BlobStore;
  readonly #far: BlobStore;
  readonly #isWriteThrough: boolean;
  readonly #onFillFailed: (error: unknown) => void;

  constructor(
    near: BlobStore,
    far: BlobStore,
    { isWriteThrough, onFillFailed = () => {} }: ReadThroughOptions,
  ) {
    this.#near = near;
    this.#far = far;
    this.#isWriteThrough = isWriteThrough;
    this.#onFillFailed = onFillFailed;
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const near = await this.#near.get(digest, signal);
    if (near !== undefined) return near;
    const far = await this.#far.get(digest, signal);
    if (far !== undefined) await this.#near.put(digest, far).catch(this.#onFillFailed);
    return far;
  }

  async put(digest: Digest, bytes: Uint8Array): Promise<void> {
    // The far store first: the near one may be forgetful, and must not hold what was never acknowledged.
    if (this.#isWriteThrough) await this.#far.put(digest, bytes);
    await this.#near.put(digest, bytes);
  }

  async findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    const missing = await this.#near.findMissing(digests);
    return missing.length === 0 ? missing : this.#far.findMissing(missing);
  }

  async delete(digest: Digest): Promise<void> {
    await this.#near.delete(digest);
    if (this.#isWriteThrough) await this.#far.delete(digest);
  }
}
