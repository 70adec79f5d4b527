// Gives each job its place as soon as there is one, and looks after those that have been sent. Knows nothing of compiles.
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import type { MemberKey } from '../team/identity.ts';
import type { FarmNetwork, OfferingWorker } from './farm-network.ts';
import { LocalRuns } from './local-runs.ts';
import { choosePlace, type Placement, type WorkerPlace } from './placement.ts';
import { Predictions } from './predictions.ts';
import { nextRescue } from './rescues.ts';
import { type Sending, type SentJob, SentJobs } from './sent-jobs.ts';
import { Standings } from './standings.ts';

export interface DispatcherParts {
  readonly network: FarmNetwork;
  readonly clock: Clock;
  readonly random: Random;
  /** Compiles that this machine runs at once without crowding. */
  readonly localSlots: number;
  /** Whether the team lets this member work for us. */
  readonly mayWork: (member: MemberKey) => boolean;
  /** A compile has run on this machine. */
  readonly onRanHere: (durationMs: number) => void;
}

export type Chosen = Exclude<Placement, { at: 'later' }>;

/** Tells what becomes of a job that was sent. */
export interface SentTold {
  /** It does not wait any more. */
  started(): void;
  /** The worker has answered, whatever it said. */
  answered(): void;
  /** The worker is to be left alone for a while. */
  failed(): void;
  /** Whether it was answered or not, nothing more comes of it. */
  over(): void;
}

interface Waiting {
  readonly command: string;
  choose(chosen: Chosen): void;
}

/** Assumed of every worker: what sending a job and getting its result takes beside the run. */
const overheadMs = 20;
/** How often waiting and running jobs are looked at beside every change. */
const lookEveryMs = 250;
/** So long a slot here must be free before it is used for what runs elsewhere: a build's next compile comes sooner than that. */
const idleMsMin = 50;
/** After a pause like this something new begins. */
const pauseMs = 3_000;

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #local: LocalRuns;
  readonly #standings = new Standings();
  readonly #sent: SentJobs;
  readonly #predictions: Predictions;
  readonly #waiting: Waiting[] = [];
  readonly #stopListening: () => void;
  #busyAtMs = 0;
  #cancelLook: (() => void) | undefined;

  constructor(parts: DispatcherParts) {
    const { clock, localSlots, network } = parts;
    this.#parts = parts;
    this.#local = new LocalRuns(clock, localSlots);
    this.#sent = new SentJobs(clock);
    this.#predictions = new Predictions({
      clock,
      local: this.#local,
      sent: this.#sent,
      standings: this.#standings,
    });
    this.#stopListening = network.onChange(() => this.#look());
  }

  stop(): void {
    this.#stopListening();
    this.#cancelLook?.();
    for (const waiting of this.#waiting.splice(0)) this.#placeHere(waiting);
  }

  /** Workers that take jobs now, however slow they are. */
  workers(): readonly OfferingWorker[] {
    const { network, mayWork, clock } = this.#parts;
    return network.workers().filter(({ member, offer }) => {
      const isAvoided = this.#standings.of(member).failures.isOpen(clock.nowMs());
      return offer.slots > 0 && !isAvoided && (offer.isOpen || this.#sent.countAt(member) > 0) && mayWork(member);
    });
  }

  get runningHere(): number {
    return this.#local.count;
  }

  get sentCount(): number {
    return this.#sent.size;
  }

  /** Whether a job that comes now should run here without further ado. */
  get isHereBest(): boolean {
    this.#noteWork();
    return this.#waiting.length === 0 && this.#choose().at === 'here';
  }

  /** The place for the next job, as soon as there is one. Rejects with the signal's reason. */
  place(command: string, signal: AbortSignal): Promise<Chosen> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        command,
        choose: chosen => {
          signal.removeEventListener('abort', onAbort);
          resolve(chosen);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
      this.#look();
    });
  }

  /** A compile begins here: one that was placed here, or one that never asked. The returned function tells of its end. */
  runsHere(command: string): (isWhole: boolean) => void {
    this.#noteWork();
    const end = this.#local.begin(command);
    const startedMs = this.#parts.clock.nowMs();
    let isOver = false;
    return isWhole => {
      if (isOver) return;
      isOver = true;
      const ownMs = end();
      if (isWhole) {
        this.#local.ran(command, ownMs);
        this.#parts.onRanHere(this.#parts.clock.nowMs() - startedMs);
      }
      this.#look();
    };
  }

  /** A job goes to this worker. */
  sends({ member, offer }: OfferingWorker, sending: Sending): SentTold {
    const { clock } = this.#parts;
    const job = this.#sent.add(member, sending);
    this.#cancelLook ??= clock.schedule(lookEveryMs, () => this.#look());
    const { failures } = this.#standings.of(member);
    let isAnswered = false;
    return {
      started: () => {
        job.startedMs = clock.nowMs();
      },
      answered: () => {
        isAnswered = true;
        failures.close();
      },
      failed: () => failures.open(clock.nowMs()),
      over: () => {
        if (!isAnswered) this.#gaveUp(job, offer.slots);
        this.#sent.delete(job);
        this.#look();
      },
    };
  }

  /** A job of ours with this command took this long to run there. */
  ran(member: MemberKey, command: string, runMs: number): void {
    const standing = this.#standings.of(member);
    const nowMs = this.#parts.clock.nowMs();
    this.#standings.usual.note(command, runMs);
    standing.ran(this.#local.asTypical(command, runMs));
    if (this.#predictions.showsSlowness(member, command, runMs)) standing.slowness.open(nowMs);
    else {
      standing.slowness.close();
      standing.fairAtMs = nowMs;
    }
  }

  /** Nothing came of it there: it would have been longer yet. */
  #gaveUp(job: SentJob, slots: number): void {
    const { member, command } = job;
    const ranMs = this.#sent.ranMs(job, slots);
    if (ranMs === undefined) return;
    const standing = this.#standings.of(member);
    if (!this.#predictions.showsSlowness(member, command, ranMs)) return;
    standing.ranAtLeast(this.#local.asTypical(command, ranMs));
    standing.slowness.open(this.#parts.clock.nowMs());
  }

  #noteWork(): void {
    const nowMs = this.#parts.clock.nowMs();
    if (this.#local.count + this.#sent.size + this.#waiting.length > 0) this.#busyAtMs = nowMs;
    else if (nowMs - this.#busyAtMs > pauseMs) this.#standings.retrySlow();
    this.#busyAtMs = nowMs;
  }

  /** Places whom it can, and does something for those that are badly placed. */
  #look(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    while (this.#waiting.length > 0) {
      const chosen = this.#choose();
      if (chosen.at === 'later') break;
      const next = this.#waiting.shift()!;
      if (chosen.at === 'here') this.#placeHere(next);
      else {
        this.#sent.expect(chosen.member);
        next.choose(chosen);
      }
    }
    if (this.#waiting.length === 0) this.#rescue();
    if (this.#waiting.length > 0 || this.#sent.size > 0)
      this.#cancelLook = this.#parts.clock.schedule(this.#lookInMs(), () => this.#look());
  }

  #lookInMs(): number {
    const freeMs = this.#freeHereMs();
    return freeMs !== undefined && freeMs < idleMsMin ? idleMsMin - freeMs : lookEveryMs;
  }

  /** How long a slot has been free here; undefined where none is. */
  #freeHereMs(): number | undefined {
    const since = this.#local.freeSinceMs;
    return since === undefined ? undefined : this.#parts.clock.nowMs() - since;
  }

  #rescue(): void {
    const workers = this.workers();
    const rescue = nextRescue({
      predictions: this.#predictions,
      sent: this.#sent,
      isHereIdle: (this.#freeHereMs() ?? 0) >= idleMsMin,
      workers,
      free: this.#useful(workers).filter(worker => this.#placeOf(worker).jobs < worker.offer.slots),
    });
    if (rescue === undefined) return;
    const { kind, job } = rescue;
    if (kind === 'move') job.move();
    else if (kind === 'race-here') {
      job.runners.isHere = true;
      this.#local.reserve(job.command, true);
      job.raceHere();
    } else {
      job.runners.isAtTwo = true;
      job.race(rescue.second);
    }
  }

  #placeHere({ command, choose }: Waiting): void {
    this.#local.reserve(command, false);
    choose({ at: 'here' });
  }

  #choose(): Placement {
    const { random } = this.#parts;
    const useful = this.#useful(this.workers());
    // Nobody to wait for: everything runs here, as it would without a farm.
    if (useful.length === 0) return { at: 'here' };
    const { slots, count, races, typicalMs } = this.#local;
    const here = { slots, jobs: count, races, typicalMs };
    return choosePlace(
      here,
      useful.map(worker => this.#placeOf(worker)),
      () => random.fraction(),
    );
  }

  /** Without those that are too slow, as far as is known. */
  #useful(workers: readonly OfferingWorker[]): OfferingWorker[] {
    const nowMs = this.#parts.clock.nowMs();
    return workers.filter(
      worker =>
        !this.#standings.of(worker.member).slowness.isOpen(nowMs) && !this.#predictions.isSlowNow(worker),
    );
  }

  #placeOf({ member, offer }: OfferingWorker): WorkerPlace {
    const { typicalMs, slowness } = this.#standings.of(member);
    const own = this.#sent.countAt(member);
    // What it tells may be older than what we sent meanwhile; what others sent we know from it alone.
    const place = { member, slots: offer.slots, jobs: Math.max(own, offer.jobs), typicalMs, overheadMs };
    // Whoever was too slow gets one job, as if nothing were known of it.
    return slowness.isDoubted ? { ...place, typicalMs: undefined, isFull: own > 0 } : place;
  }
}
