// What is done for jobs that have been sent, once nobody waits for a place any more: one that only waits at a worker moves to a
// free place, one that takes long runs on this machine as well as soon as that has nothing else to do, and one that takes far
// too long at another worker.
import type { OfferingWorker } from './farm-network.ts';
import type { Predictions } from './predictions.ts';
import type { SentJob, SentJobs } from './sent-jobs.ts';

export type Rescue =
  | { readonly kind: 'move'; readonly job: SentJob }
  | { readonly kind: 'race-here'; readonly job: SentJob }
  | { readonly kind: 'race'; readonly job: SentJob; readonly second: OfferingWorker };

export interface RescueParts {
  readonly predictions: Predictions;
  readonly sent: SentJobs;
  /** Whether this machine has a slot that nobody wants. */
  readonly isHereIdle: boolean;
  /** Whoever lends slots and may work for us, however slow. */
  readonly workers: readonly OfferingWorker[];
  /** Of these, who has a slot that is free and worth having. */
  readonly free: readonly OfferingWorker[];
}

/** A job that waited this long at a worker, behind others of ours, may be better off elsewhere; once. */
const waitedMsMin = 1_000;

/** The one thing to do now, if anything. */
export function nextRescue(parts: RescueParts): Rescue | undefined {
  return move(parts) ?? raceHere(parts) ?? raceElsewhere(parts);
}

function move({ predictions, sent, isHereIdle, workers, free }: RescueParts): Rescue | undefined {
  if (!isHereIdle && free.length === 0) return undefined;
  for (const at of workers) {
    if (sent.countAt(at.member) <= at.offer.slots || predictions.isSoonFree(at)) continue;
    const waiting = sent
      .at(at.member)
      .filter(job => job.mayMove && job.startedMs === undefined && sent.waitedMs(job) > waitedMsMin);
    // The longest first: the last one to begin is the one that everybody waits for.
    const job = longest(waiting, ({ command }) => predictions.hereMs(command));
    if (job !== undefined) return { kind: 'move', job };
  }
  return undefined;
}

function raceHere({ predictions, sent, isHereIdle, workers }: RescueParts): Rescue | undefined {
  if (!isHereIdle) return undefined;
  const slotsOf = (job: SentJob) => workers.find(({ member }) => member === job.member)?.offer.slots ?? 1;
  const leftMs = (job: SentJob) => predictions.leftMs(job, slotsOf(job));
  // Of a compile that two workers have, the one that will be done first counts.
  const leftMsOf = ({ runners }: SentJob) =>
    Math.min(...sent.all().flatMap(job => (job.runners === runners ? [leftMs(job)] : [])));
  const slower = sent
    .all()
    .filter(
      job => !job.runners.isHere && !job.runners.isOver && leftMsOf(job) > predictions.hereMs(job.command),
    );
  const job = longest(slower, leftMsOf);
  return job && { kind: 'race-here', job };
}

function raceElsewhere({ predictions, sent, free }: RescueParts): Rescue | undefined {
  for (const job of sent.all()) {
    if (job.runners.isAtTwo || job.runners.isHere || !predictions.isStraggler(job)) continue;
    const second = free.find(({ member }) => member !== job.member);
    if (second !== undefined) return { kind: 'race', job, second };
  }
  return undefined;
}

function longest(jobs: readonly SentJob[], ms: (job: SentJob) => number): SentJob | undefined {
  return [...jobs].sort((a, b) => ms(b) - ms(a))[0];
}
