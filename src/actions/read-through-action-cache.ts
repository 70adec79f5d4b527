// Two action caches as one: the near one is asked first, and keeps the records that had to come from the far one. What
// makes a near record no hit (trust, completeness) is a decorator of the near cache, so that such an action is asked far.
import type { Digest } from '../digest.ts';
import type { ActionCache } from './action-cache.ts';
import type { SignedRecord } from './signed-record.ts';

export class ReadThroughActionCache implements ActionCache {
  readonly #near: ActionCache;
  readonly #far: ActionCache;
  readonly #onFillFailed: (error: unknown) => void;

  /** `onFillFailed` hears why a record could not be kept nearby; the reader gets it all the same. */
  constructor(near: ActionCache, far: ActionCache, onFillFailed: (error: unknown) => void = () => {}) {
    this.#near = near;
    this.#far = far;
    this.#onFillFailed = onFillFailed;
  }

  async get(action: Digest, signal?: AbortSignal): Promise<readonly SignedRecord[]> {
    const near = await this.#near.get(action, signal);
    if (near.length > 0) return near;
    const far = await this.#far.get(action, signal);
    await Promise.all(far.map(record => this.#near.put(record).catch(this.#onFillFailed)));
    return far;
  }

  /** Keeps the record nearby; the far cache (teammates) learns of it in its own way. */
  put(record: SignedRecord): Promise<void> {
    return this.#near.put(record);
  }
}
