// Jobs of ours that are at workers now, and how long each has been.
import type { Clock } from '../platform/clock.ts';
import type { MemberKey } from '../team/identity.ts';
import type { OfferingWorker } from './farm-network.ts';

/** Where one compile runs; shared by the jobs that it was sent as. */
export interface Runners {
  /** Whether a second worker has it. */
  isAtTwo: boolean;
  /** Whether it runs on this machine as well. */
  isHere: boolean;
  /** What comes of it is known. */
  isOver: boolean;
}

export interface Sending {
  /** The same for jobs that are the same but for their inputs. */
  readonly command: string;
  /** Whether it may be taken back for a better place. */
  readonly mayMove: boolean;
  /** Whether it only waits for the same compile, which runs there for another: it takes no slot. */
  readonly joins: boolean;
  readonly runners: Runners;
  /** Takes it back, for a better place. */
  move(): void;
  /** Sends it to this worker as well: the first result counts. At most once. */
  race(second: OfferingWorker): void;
  /** Has it run on this machine as well, which then takes the place that is reserved for it. At most once. */
  raceHere(): void;
}

/** A job that runs at a worker, or waits there. */
export interface SentJob extends Sending {
  readonly member: MemberKey;
  readonly sinceMs: number;
  /** Since when it runs; undefined while it waits there for a slot. */
  startedMs: number | undefined;
}

export class SentJobs {
  readonly #clock: Clock;
  readonly #jobs = new Set<SentJob>();
  /** How many have their place there, and are yet to be sent. */
  readonly #expected = new Map<MemberKey, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#jobs.size;
  }

  add(member: MemberKey, sending: Sending): SentJob {
    const job = { ...sending, member, sinceMs: this.#clock.nowMs(), startedMs: undefined };
    this.#jobs.add(job);
    return job;
  }

  delete(job: SentJob): void {
    this.#jobs.delete(job);
  }

  /** Whoever is told to send one calls `add` before anything else runs; until then it counts. */
  expect(member: MemberKey): void {
    this.#expected.set(member, (this.#expected.get(member) ?? 0) + 1);
    queueMicrotask(() =>
      queueMicrotask(() => {
        const left = (this.#expected.get(member) ?? 1) - 1;
        if (left > 0) this.#expected.set(member, left);
        else this.#expected.delete(member);
      }),
    );
  }

  all(): SentJob[] {
    return [...this.#jobs];
  }

  at(member: MemberKey): SentJob[] {
    return this.all().filter(job => job.member === member);
  }

  countAt(member: MemberKey): number {
    const own = this.at(member).filter(job => !job.joins).length;
    return own + (this.#expected.get(member) ?? 0);
  }

  waitedMs({ sinceMs }: SentJob): number {
    return this.#clock.nowMs() - sinceMs;
  }

  /** How long it has run; undefined while it waits. A worker that is slow is slow to say that it has begun, too. */
  ranMs(job: SentJob, slots: number): number | undefined {
    const { startedMs, sinceMs, member } = job;
    const hasOwnSlot = startedMs !== undefined || this.countAt(member) <= slots;
    return hasOwnSlot ? this.#clock.nowMs() - (startedMs ?? sinceMs) : undefined;
  }
}
