// Storing waits for a free processor: while a build keeps all of them busy, what its compiles made is not yet hashed, signed and
// written, so that a build that finds nothing in the cache is not held up by filling it. What waits is bounded in bytes and in
// time, and a compile that asks for the same gets it stored first. Where commands run one after the other, nothing waits whose
// inputs are still to be looked at: the next command may well change them (a configure script does), and then there is nothing
// to store.
import type { Digest } from '../digest.ts';
import { storingWaitMsMax, storingWaitMsMaxInTeam } from '../limits.ts';
import { type Clock, sleep } from '../platform/clock.ts';

export interface StoringQueueParts {
  readonly clock: Clock;
  readonly processors: number;
  /** What may wait in memory. */
  readonly bytesMax: number;
  /** Whether teammates are connected. */
  readonly isInTeam: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Between one compile and the next of a build that keeps every processor busy there is less time than this. */
const calmMs = 50;
const lookAgainMs = 1_000;
/** So that disk writes overlap. */
const atOnceMax = 4;

export interface ToStore {
  /** Under which it is asked for. */
  readonly key: Digest;
  /** What it holds in memory until it is stored. */
  readonly bytes: number;
  /** Whether its inputs are still to be looked at. */
  readonly isUrgent: boolean;
  readonly store: () => Promise<void>;
}

interface Waiting extends ToStore {
  readonly sinceMs: number;
}

export class StoringQueue {
  readonly #parts: StoringQueueParts;
  readonly #waiting = new Set<Waiting>();
  readonly #waitingOf = new Map<Digest, Set<Waiting>>();
  readonly #storing = new Map<Promise<void>, Digest>();
  #waitingBytes = 0;
  #running = 0;
  /** Since when a processor is free. */
  #calmSinceMs = 0;
  #cancelLook: (() => void) | undefined;
  #isLooking = false;
  #isClosed = false;

  constructor(parts: StoringQueueParts) {
    this.#parts = parts;
  }

  /** Results that are not stored yet. */
  get count(): number {
    return this.#waiting.size + this.#storing.size;
  }

  /** A compile runs on this machine from now on, until the returned function is called; a parallel one keeps it busy alone. */
  runs(isParallel: boolean): () => void {
    const processors = isParallel ? this.#parts.processors : 1;
    this.#running += processors;
    return () => {
      const wasBusy = !this.#hasFree();
      this.#running -= processors;
      if (wasBusy && this.#hasFree()) this.#calmSinceMs = this.#parts.clock.nowMs();
      this.#lookLater();
    };
  }

  /** Stores it some time. */
  add(toStore: ToStore): void {
    if (this.#isClosed) return;
    const { key, bytes, isUrgent } = toStore;
    const waiting = { ...toStore, sinceMs: this.#parts.clock.nowMs() };
    this.#waiting.add(waiting);
    this.#waitingOf.set(key, (this.#waitingOf.get(key) ?? new Set()).add(waiting));
    this.#waitingBytes += bytes;
    if (this.#isCalm() || (isUrgent && this.#running === 0)) this.#store(waiting);
    else this.#lookLater();
  }

  /** Resolves once nothing waits under this key. */
  async settle(key: Digest): Promise<void> {
    for (const waiting of this.#waitingOf.get(key) ?? []) this.#store(waiting);
    if (this.#storing.size === 0) return;
    await Promise.all([...this.#storing].flatMap(([stored, of]) => (of === key ? [stored] : [])));
  }

  /** Resolves once nothing waits, or is stored, that was there at the call. */
  async settleAll(): Promise<void> {
    for (const waiting of [...this.#waiting]) {
      this.#store(waiting);
      await sleep(this.#parts.clock, 0);
    }
    await Promise.all(this.#storing.keys());
  }

  /** Stores what waits; what comes later is dropped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook?.();
    await this.settleAll();
  }

  /** Starts one after the other, with time between them for launchers' questions. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#storing.size < atOnceMax && this.#mayStore()) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      this.#store(next);
      await sleep(this.#parts.clock, 0);
    }
    this.#isLooking = false;
    this.#lookLater();
  }

  #lookLater(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    if (this.#isClosed || this.#isLooking || this.#waiting.size === 0 || this.#storing.size >= atOnceMax)
      return;
    const { clock } = this.#parts;
    const calmInMs = this.#hasFree() ? this.#calmSinceMs + calmMs - clock.nowMs() : lookAgainMs;
    this.#cancelLook = clock.schedule(this.#mayStore() ? 0 : calmInMs, () => void this.#look());
  }

  #hasFree(): boolean {
    return this.#running < this.#parts.processors;
  }

  #isCalm(): boolean {
    return this.#hasFree() && this.#parts.clock.nowMs() - this.#calmSinceMs >= calmMs;
  }

  #mayStore(): boolean {
    if (this.#isCalm() || this.#waitingBytes > this.#parts.bytesMax) return true;
    const [oldest] = this.#waiting;
    const { clock, isInTeam } = this.#parts;
    const waitMsMax = isInTeam() ? storingWaitMsMaxInTeam : storingWaitMsMax;
    return oldest !== undefined && clock.nowMs() - oldest.sinceMs > waitMsMax;
  }

  #store(waiting: Waiting): void {
    if (!this.#waiting.delete(waiting)) return; // somebody else came first
    const { key, bytes, store } = waiting;
    const ofKey = this.#waitingOf.get(key);
    ofKey?.delete(waiting);
    if (ofKey?.size === 0) this.#waitingOf.delete(key);
    this.#waitingBytes -= bytes;
    const stored: Promise<void> = (async () => store())()
      .catch(this.#parts.onError)
      .finally(() => {
        this.#storing.delete(stored);
        this.#lookLater();
      });
    this.#storing.set(stored, key);
  }
}
