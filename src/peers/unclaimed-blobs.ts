// Blobs that came along with a record before anyone asked for them: they wait here, bounded, for the hit to claim them.
import type { Digest } from '../digest.ts';
import { unclaimedBlobBytesMax } from '../limits.ts';

export class UnclaimedBlobs {
  readonly #blobs = new Map<Digest, Uint8Array>();
  #bytes = 0;

  /** Keeps verified blobs; the oldest make room. */
  offer(blobs: ReadonlyMap<Digest, Uint8Array>): void {
    for (const [digest, bytes] of blobs) {
      this.take(digest);
      this.#blobs.set(digest, bytes);
      this.#bytes += bytes.byteLength;
    }
    for (const oldest of this.#blobs.keys()) {
      if (this.#bytes <= unclaimedBlobBytesMax) return;
      this.take(oldest);
    }
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  /** The blob, which is then no longer kept: whoever took it stores it. */
  take(digest: Digest): Uint8Array | undefined {
    const bytes = this.#blobs.get(digest);
    if (bytes === undefined) return undefined;
    this.#blobs.delete(digest);
    this.#bytes -= bytes.byteLength;
    return bytes;
  }
}
