// Jobs that wait on this machine for a place. The largest goes first: what begins last is what everybody waits for, and a large
// source takes longer as a rule: whole builds on virtual time, with abseil's durations and sizes, end as soon as by the durations.
import type { Digest } from '../digest.ts';

export interface WaitingJob<Place> {
  readonly command: Digest;
  /** Of its source. */
  readonly sizeBytes: number;
  choose(place: Place): void;
}

/** Later jobs that may go before one, where no more are waiting: a small one may be what the rest of a build needs. */
const overtakenMin = 8;

interface Entry<Place> {
  readonly job: WaitingJob<Place>;
  overtaken: number;
}

export class WaitingJobs<Place> {
  /** In the order in which they came. */
  #entries: Entry<Place>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  add(job: WaitingJob<Place>): void {
    this.#entries.push({ job, overtaken: 0 });
  }

  /** The one that is to go first, which stays. */
  next(): WaitingJob<Place> | undefined {
    const [oldest] = this.#entries;
    const overtakenMax = Math.max(overtakenMin, this.#entries.length);
    if (oldest !== undefined && oldest.overtaken >= overtakenMax) return oldest.job;
    let first = oldest;
    for (const entry of this.#entries) if (entry.job.sizeBytes > first!.job.sizeBytes) first = entry;
    return first?.job;
  }

  /** It has its place. */
  take(job: WaitingJob<Place>): void {
    for (const entry of this.#entries) {
      if (entry.job === job) break;
      entry.overtaken++;
    }
    this.delete(job);
  }

  /** It is not wanted any more. */
  delete(job: WaitingJob<Place>): void {
    this.#entries = this.#entries.filter(entry => entry.job !== job);
  }

  /** All of them, which wait no more. */
  clear(): WaitingJob<Place>[] {
    return this.#entries.splice(0).map(({ job }) => job);
  }
}
