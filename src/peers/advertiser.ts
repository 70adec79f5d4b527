// Batches announcements: a build stores hundreds of results a second, and one frame with many keys costs teammates far
// less than many frames with one.
import type { Digest } from '../digest.ts';
import { announcedKeysPerFrameMax } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';

/** Long enough to gather a burst, short enough that a teammate's next lookup sees it. */
const batchMs = 20;

export class Advertiser {
  readonly #clock: Clock;
  readonly #send: (actions: readonly Digest[]) => void;
  #batch: Digest[] = [];
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, send: (actions: readonly Digest[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Queues these; they go out together with what else comes within the next moments. */
  announce(actions: readonly Digest[]): void {
    this.#batch.push(...actions);
    if (this.#batch.length >= announcedKeysPerFrameMax) this.flush();
    else if (this.#batch.length > 0) this.#cancel ??= this.#clock.schedule(batchMs, () => this.flush());
  }

  /** Sends what is queued now. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.#send(batch);
  }
}
