// What the farm did for its person, and what it did for others, since the daemon started.
import { reasonsMax } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';

export interface FarmCounts {
  /** Jobs of ours: handed to a worker; come back with a result that was used. */
  readonly sent: number;
  readonly done: number;
  /** Jobs of ours that came back without one, and why: they ran elsewhere, or here. */
  readonly returned: Readonly<Record<string, number>>;
  /** Compiles that ran here although the farm is on, by reason. */
  readonly stayed: Readonly<Record<string, number>>;
  /** Jobs of teammates that ran here with a result, and those that did not, by reason. */
  readonly ranForOthers: number;
  readonly failedForOthers: Readonly<Record<string, number>>;
}

/** One stretch of work, until nothing ran for a while. */
export interface BuildSpeed {
  readonly jobs: number;
  /** What all its compiles took where they ran, against the time that passed. */
  readonly workMs: number;
  readonly wallMs: number;
}

const pauseMs = 5_000;

export class FarmCounters {
  readonly #clock: Clock;
  #sent = 0;
  #done = 0;
  #ranForOthers = 0;
  readonly #returned: Record<string, number> = {};
  readonly #stayed: Record<string, number> = {};
  readonly #failedForOthers: Record<string, number> = {};
  #build = { jobs: 0, workMs: 0, startedMs: 0, lastMs: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  sent(): void {
    this.#sent++;
  }

  done(durationMs: number): void {
    this.#done++;
    this.#worked(durationMs);
  }

  returned(reason: string): void {
    count(this.#returned, reason);
  }

  stayed(reason: string): void {
    count(this.#stayed, reason);
  }

  ranHere(durationMs: number): void {
    this.#worked(durationMs);
  }

  ranForOther(failure: string | undefined): void {
    if (failure === undefined) this.#ranForOthers++;
    else count(this.#failedForOthers, failure);
  }

  counts(): FarmCounts {
    return {
      sent: this.#sent,
      done: this.#done,
      returned: { ...this.#returned },
      stayed: { ...this.#stayed },
      ranForOthers: this.#ranForOthers,
      failedForOthers: { ...this.#failedForOthers },
    };
  }

  /** The last stretch of work; undefined where there was none. */
  lastBuild(): BuildSpeed | undefined {
    const { jobs, workMs, startedMs, lastMs } = this.#build;
    return jobs === 0 ? undefined : { jobs, workMs, wallMs: lastMs - startedMs };
  }

  #worked(durationMs: number): void {
    const now = this.#clock.nowMs();
    const began = now - durationMs;
    if (began - this.#build.lastMs > pauseMs)
      this.#build = { jobs: 0, workMs: 0, startedMs: began, lastMs: now };
    this.#build.jobs++;
    this.#build.workMs += durationMs;
    this.#build.lastMs = now;
    this.#build.startedMs = Math.min(this.#build.startedMs, began);
  }
}

function count(counts: Record<string, number>, reason: string): void {
  const name = Object.hasOwn(counts, reason) || Object.keys(counts).length < reasonsMax ? reason : 'other';
  counts[name] = (counts[name] ?? 0) + 1;
}
