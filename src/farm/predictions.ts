// How long things will take: a compile on this machine, a job at a worker, what is left of one that was sent. What a job has
// taken so far counts at once, unsmoothed: it will have been longer.
import type { Clock } from '../platform/clock.ts';
import type { MemberKey } from '../team/identity.ts';
import type { OfferingWorker } from './farm-network.ts';
import type { LocalRuns } from './local-runs.ts';
import { isSoon, slotFreeInMs } from './placement.ts';
import type { SentJob, SentJobs } from './sent-jobs.ts';
import type { Standings } from './standings.ts';

export interface PredictionParts {
  readonly clock: Clock;
  readonly local: LocalRuns;
  readonly sent: SentJobs;
  readonly standings: Standings;
}

/** Taken for what has never run, neither here nor there. */
const assumedMs = 1_000;
/** A worker where jobs take so many times what they take here is of no use: it is beaten by waiting for a slot here. */
const slowFactor = 3;
const slowMsMin = 1_000;
/** A job that has outlasted the usual by half may take any time; as long again as so far is as good a guess as any. */
const overdueFactor = 1.5;
/** A job that takes this many times the usual is a straggler. */
const stragglerFactor = 3;
const stragglerMsMin = 5_000;

export class Predictions {
  readonly #parts: PredictionParts;

  constructor(parts: PredictionParts) {
    this.#parts = parts;
  }

  /** How long a command takes here. */
  hereMs(command: string): number {
    return this.#parts.local.usualMs(command) ?? assumedMs;
  }

  /** How long it will be until the job is done, in milliseconds. */
  leftMs(job: SentJob, slots: number): number {
    const { standings, sent, local } = this.#parts;
    const typicalMs = standings.of(job.member).typicalMs ?? local.typicalMs ?? assumedMs;
    const expectedMs = Math.max(typicalMs, standings.usual.of(job.command) ?? 0);
    const ranMs = sent.ranMs(job, slots);
    if (ranMs === undefined) return typicalMs + expectedMs;
    return remainingMs(expectedMs, ranMs);
  }

  /** How long until a slot of the worker's is free for one more job; undefined where it has others' jobs, too. */
  freeInMs({ member, offer }: OfferingWorker): number | undefined {
    const { sent } = this.#parts;
    const jobs = sent.at(member).filter(job => !job.joins);
    if (offer.jobs > jobs.length || offer.slots === 0) return undefined;
    const freeAt = new Array<number>(offer.slots).fill(0);
    for (const job of jobs) {
      const first = freeAt.indexOf(Math.min(...freeAt));
      freeAt[first]! += remainingMs(this.#expectedMs(job), sent.ranMs(job, offer.slots) ?? 0);
    }
    return Math.min(...freeAt);
  }

  /** How long the job usually takes at its worker. */
  #expectedMs({ member, command }: SentJob): number {
    const { standings, local } = this.#parts;
    return standings.usual.of(command) ?? standings.of(member).typicalMs ?? local.typicalMs ?? assumedMs;
  }

  isStraggler(job: SentJob): boolean {
    const { standings, sent, local } = this.#parts;
    const typicalMs = standings.of(job.member).typicalMs ?? local.typicalMs ?? stragglerMsMin;
    const usualMs = Math.max(typicalMs, standings.usual.of(job.command) ?? 0);
    const ranMs = sent.ranMs(job, Number.POSITIVE_INFINITY) ?? 0;
    return ranMs > Math.max(stragglerMsMin, stragglerFactor * usualMs);
  }

  /** Whether a job that took so long there says that the worker is too slow, and not that the job is long. */
  showsSlowness(member: MemberKey, command: string, ranMs: number): boolean {
    const { standings, clock, local } = this.#parts;
    const usualMs = local.usualMs(command);
    const isLong = usualMs !== undefined && ranMs > Math.max(slowMsMin, slowFactor * usualMs);
    return isLong && standings.of(member).fairAtMs <= clock.nowMs() - ranMs;
  }

  /** Whether jobs that are there now show it. */
  isSlowNow({ member, offer }: OfferingWorker): boolean {
    const { sent } = this.#parts;
    return sent
      .at(member)
      .some(job => this.showsSlowness(member, job.command, sent.ranMs(job, offer.slots) ?? 0));
  }

  isSoonFree({ member, offer }: OfferingWorker): boolean {
    const { standings, sent } = this.#parts;
    const { typicalMs } = standings.of(member);
    const ranMs = sent.at(member).flatMap(job => sent.ranMs(job, offer.slots) ?? []);
    return isSoon(slotFreeInMs(ranMs, typicalMs), typicalMs);
  }
}

function remainingMs(expectedMs: number, ranMs: number): number {
  return ranMs > overdueFactor * expectedMs ? ranMs : Math.max(0, expectedMs - ranMs);
}
