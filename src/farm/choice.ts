// Where the next job goes, by what is known now: who offers slots, who has failed of late, who is fast enough to be of use.
import { type Digest, digestHash, digestOf } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';
import { compileName } from '../protocol/farm.ts';
import type { MemberKey } from '../team/identity.ts';
import type { FarmNetwork, OfferingWorker } from './farm-network.ts';
import type { LocalRuns } from './local-runs.ts';
import { choosePlace, type Placement, type WorkerPlace } from './placement.ts';
import type { Predictions } from './predictions.ts';
import type { SentJobs } from './sent-jobs.ts';
import type { Standings } from './standings.ts';

export interface ChoiceParts {
  readonly network: FarmNetwork;
  readonly clock: Clock;
  readonly local: LocalRuns;
  readonly sent: SentJobs;
  readonly standings: Standings;
  readonly predictions: Predictions;
  /** Whether the team lets this member work for us. */
  readonly mayWork: (member: MemberKey) => boolean;
}

/** Assumed of every worker: what sending a job and getting its result takes beside the run. */
const overheadMs = 20;

export class Choice {
  readonly #parts: ChoiceParts;

  constructor(parts: ChoiceParts) {
    this.#parts = parts;
  }

  /** Workers that take jobs now, however slow they are. */
  workers(): readonly OfferingWorker[] {
    const { network, mayWork, clock, sent, standings } = this.#parts;
    return network.workers().filter(({ member, offer }) => {
      const isAvoided = standings.of(member).failures.isOpen(clock.nowMs());
      return offer.slots > 0 && !isAvoided && (offer.isOpen || sent.countAt(member) > 0) && mayWork(member);
    });
  }

  /** Those of them that have a slot that is free and worth having. */
  free(): readonly OfferingWorker[] {
    return this.#useful().filter(worker => worker.offer.isOpen && this.#jobsAt(worker) < worker.offer.slots);
  }

  /** Who has this very compile run now, for another. */
  whoRuns(command: Digest): MemberKey | undefined {
    const name = compileName(command);
    const { network, sent, mayWork, standings, clock } = this.#parts;
    const runner = network.workers().find(({ member, offer }) => {
      const isOwn = sent.at(member).some(job => job.command === command);
      const isAvoided = standings.of(member).failures.isOpen(clock.nowMs());
      return offer.running.includes(name) && !isOwn && !isAvoided && mayWork(member);
    });
    return runner?.member;
  }

  next(command: Digest): Placement {
    const useful = this.#useful();
    // Nobody to wait for: everything runs here, as it would without a farm.
    if (useful.length === 0) return { at: 'here' };
    const { slots, count, races, typicalMs } = this.#parts.local;
    return choosePlace(
      { slots, jobs: count, races, typicalMs },
      useful.map(worker => ({ ...this.#placeOf(worker), rank: rankOf(command, worker.member) })),
    );
  }

  /** Without those that are too slow, as far as is known. */
  #useful(): OfferingWorker[] {
    const { clock, standings, predictions } = this.#parts;
    return this.workers().filter(
      worker => !standings.of(worker.member).slowness.isOpen(clock.nowMs()) && !predictions.isSlowNow(worker),
    );
  }

  #placeOf(worker: OfferingWorker): Omit<WorkerPlace, 'rank'> {
    const { member, offer } = worker;
    const { standings, sent, predictions } = this.#parts;
    const { typicalMs, slowness } = standings.of(member);
    const isOnTrial = slowness.isDoubted; // it gets one job, as if nothing were known of it
    return {
      member,
      slots: offer.slots,
      jobs: this.#jobsAt(worker),
      typicalMs: isOnTrial ? undefined : typicalMs,
      overheadMs,
      freeInMs: predictions.freeInMs(worker),
      // One that takes no more may have jobs of ours: what is sent now comes back at once.
      isFull: !offer.isOpen || (isOnTrial && sent.countAt(member) > 0),
    };
  }

  /** What it tells may be older than what we sent meanwhile; what others sent we know from it alone. */
  #jobsAt({ member, offer }: OfferingWorker): number {
    return Math.max(this.#parts.sent.countAt(member), offer.jobs);
  }
}

/** Rendezvous hashing: for each job another order of the workers, and the same one at every client. */
function rankOf(command: Digest, member: MemberKey): number {
  return Number.parseInt(digestHash(digestOf(`${command} ${member}`)).slice(0, 8), 16) / 2 ** 32;
}
