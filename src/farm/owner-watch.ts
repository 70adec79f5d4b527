// Whether the owner of a machine that is lent needs it now. Where it is lent only while idle, jobs of others are sent home at once
// when the owner compiles, and within a second when anything else of the owner's keeps the processors busy.
import { lendingLookMs } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';

export interface OwnerWatchParts {
  readonly clock: Clock;
  readonly when: 'always' | 'idle';
  /** The owner's own compiles that run now, and how many fill the machine. */
  readonly ownJobs: () => number;
  readonly ownSlots: number;
  /** Processes that want a processor at this moment, other than jobs and what looks. */
  readonly othersRunning: () => number;
  /** Called at every look. */
  readonly onLook: () => void;
  readonly sendHome: () => void;
}

/** Looks in a row that must find the machine in use: one process that wakes up is no one's work. */
const busyLooks = 2;

export class OwnerWatch {
  readonly #parts: OwnerWatchParts;
  #busyLooks = 0;
  #cancelLook: () => void;

  constructor(parts: OwnerWatchParts) {
    this.#parts = parts;
    this.#cancelLook = parts.clock.schedule(lendingLookMs[parts.when], () => this.#look());
  }

  get isBusy(): boolean {
    const { when, ownJobs, ownSlots } = this.#parts;
    if (when === 'idle') return ownJobs() > 0 || this.#busyLooks >= busyLooks;
    return ownJobs() >= ownSlots;
  }

  /** A compile of the owner's has begun. */
  ownJobBegan(): void {
    this.#act();
  }

  stop(): void {
    this.#cancelLook();
  }

  #look(): void {
    const { clock, when, ownSlots, othersRunning } = this.#parts;
    this.#cancelLook = clock.schedule(lendingLookMs[when], () => this.#look());
    if (when === 'idle')
      this.#busyLooks = othersRunning() >= Math.max(1, ownSlots / 2) ? this.#busyLooks + 1 : 0;
    this.#act();
  }

  #act(): void {
    this.#parts.onLook();
    if (this.#parts.when === 'idle' && this.isBusy) this.#parts.sendHome();
  }
}
