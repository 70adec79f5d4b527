// A worker's slots: how many jobs run at once, and a short queue so that a slot that frees never waits for a round trip.
import { queuedJobsPerSlot } from '../limits.ts';

export class Slots {
  #count: number;
  #running = 0;
  readonly #queue: (() => void)[] = [];
  readonly #onChange: () => void;

  constructor(count: number, onChange: () => void) {
    this.#count = count;
    this.#onChange = onChange;
  }

  get count(): number {
    return this.#count;
  }

  /** Jobs that run or wait. */
  get jobs(): number {
    return this.#running + this.#queue.length;
  }

  /** Whether a job that comes now would wait. */
  get isTaken(): boolean {
    return this.#running >= this.#count;
  }

  get isFull(): boolean {
    return this.jobs >= this.#count * (1 + queuedJobsPerSlot);
  }

  /** A slot, in turn; the returned function gives it back. Rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#running >= this.#count) await this.#wait(signal);
    else this.#running++;
    this.#onChange();
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      const next = this.#queue.shift();
      if (next === undefined) this.#running--;
      else next(); // the slot passes on
      this.#onChange();
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        const at = this.#queue.indexOf(begin);
        if (at >= 0) this.#queue.splice(at, 1);
        this.#onChange();
        reject(signal.reason);
      };
      const begin = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(begin);
      this.#onChange();
    });
  }
}
