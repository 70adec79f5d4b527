// Keeps count of what runs where, and gives each job its place as soon as there is one. Knows nothing of compiles.
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import type { MemberKey } from '../team/identity.ts';
import type { FarmNetwork, OfferingWorker } from './farm-network.ts';
import { choosePlace, type Placement, slotFreeInMs, type WorkerPlace } from './placement.ts';
import { Standings, smooth } from './standings.ts';

/** A job that runs at a worker, or waits there. */
interface SentJob extends Sending {
  readonly member: MemberKey;
  readonly sinceMs: number;
  /** Since when it runs; undefined while it waits there for a slot. */
  startedMs: number | undefined;
  /** How long its command took before. */
  readonly usualMs: number | undefined;
}

export interface Sending {
  /** The same for jobs that are the same but for their inputs. */
  readonly command: string;
  readonly mayMove: boolean;
  /** Whether two workers have it. */
  isRaced: boolean;
  /** Takes it back. */
  recall(reason: RecallReason): void;
  /** Sends it to this worker as well: the first result counts. At most once. */
  race(second: OfferingWorker): void;
}

/** `moved`: another place is free for it; `straggler`: it takes so long that this machine, idle, may well be faster. */
export type RecallReason = 'moved' | 'straggler';

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

/** Assumed of every worker: what sending a job and getting its result takes beside the run. */
const overheadMs = 20;
/** How often waiting and running jobs are looked at beside every change. */
const lookEveryMs = 250;
/** A job that waited this long at a worker, behind others of ours, may be better off elsewhere; once. */
const waitingMsMin = 1_000;
/** Unless a slot is about to be free there: moving a job costs what sending one costs. In parts of a usual run. */
const soonFactor = 1 / 3;
/** A job that takes this many times the usual is a straggler: a worker that has nothing else to do gets it as well. */
const stragglerFactor = 3;
const stragglerMsMin = 5_000;
/** After as many times that long it is taken back, once this machine has nothing else to do: what it did is lost. */
const lostFactor = 2;
/** Where a second worker has it, too: a job that is late at both is probably just long. */
const lostFactorOfRaced = 4;

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #standings = new Standings();
  readonly #sent = new Set<SentJob>();
  readonly #waiting: ((chosen: Chosen) => void)[] = [];
  readonly #stopListening: () => void;
  #here = { running: 0, reserved: 0, typicalMs: undefined as number | undefined };
  #cancelLook: (() => void) | undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#stopListening = parts.network.onChange(() => this.#look());
  }

  stop(): void {
    this.#stopListening();
    this.#cancelLook?.();
    for (const choose of this.#waiting.splice(0)) choose(this.#hereChosen());
  }

  /** Workers that take jobs now. */
  workers(): readonly OfferingWorker[] {
    const { network, mayWork, clock } = this.#parts;
    return network.workers().filter(({ member, offer }) => {
      const isAvoided = this.#standings.of(member).isAvoided(clock.nowMs());
      return offer.slots > 0 && !isAvoided && (offer.isOpen || this.#sentTo(member) > 0) && mayWork(member);
    });
  }

  get runningHere(): number {
    return this.#here.running;
  }

  get sentCount(): number {
    return this.#sent.size;
  }

  /** Whether a job that comes now should run here without further ado. */
  get isHereBest(): boolean {
    return this.#waiting.length === 0 && this.#choose().at === 'here';
  }

  /** The place for the next job, as soon as there is one. Rejects with the signal's reason. */
  place(signal: AbortSignal): Promise<Chosen> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        const at = this.#waiting.indexOf(choose);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      const choose = (chosen: Chosen) => {
        signal.removeEventListener('abort', onAbort);
        resolve(chosen);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(choose);
      this.#look();
    });
  }

  /** A compile begins here: one that was placed here, or one that never asked. The returned function tells of its end. */
  runsHere(): () => void {
    if (this.#here.reserved > 0) this.#here.reserved--;
    else this.#here.running++;
    const startedMs = this.#parts.clock.nowMs();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#here.running--;
      const durationMs = this.#parts.clock.nowMs() - startedMs;
      this.#here.typicalMs = smooth(this.#here.typicalMs, durationMs);
      this.#parts.onRanHere(durationMs);
      this.#look();
    };
  }

  /** A job goes to this worker; the returned functions tell how that ended. */
  sends(
    member: MemberKey,
    sending: Sending,
  ): { started(): void; answered(): void; failed(): void; over(): void } {
    const { clock } = this.#parts;
    const sinceMs = clock.nowMs();
    const usualMs = this.#standings.usualMs(sending.command);
    const job: SentJob = { ...sending, member, sinceMs, startedMs: undefined, usualMs };
    this.#sent.add(job);
    this.#cancelLook ??= clock.schedule(lookEveryMs, () => this.#look());
    const standing = this.#standings.of(member);
    return {
      started: () => {
        job.startedMs = clock.nowMs();
      },
      answered: () => standing.answered(),
      failed: () => standing.failed(clock.nowMs()),
      over: () => {
        this.#sent.delete(job);
        this.#look();
      },
    };
  }

  /** A job of ours with this command took this long to run there. */
  ran(member: MemberKey, command: string, runMs: number): void {
    this.#standings.ran(member, command, runMs);
  }

  /** Places whom it can, and takes back whom another place would serve better. */
  #look(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    while (this.#waiting.length > 0) {
      const chosen = this.#choose();
      if (chosen.at === 'later') break;
      if (chosen.at === 'here') this.#reserveHere();
      // Whoever is told to go to a worker calls `sends` before anything else runs.
      this.#waiting.shift()!(chosen);
      if (chosen.at === 'worker') this.#expect(chosen.member);
    }
    if (this.#waiting.length === 0) this.#recallOne();
    if (this.#waiting.length > 0 || this.#sent.size > 0)
      this.#cancelLook = this.#parts.clock.schedule(lookEveryMs, () => this.#look());
  }

  /** Jobs on their way to a worker whose sender has not begun yet. */
  readonly #expected = new Map<MemberKey, number>();

  #expect(member: MemberKey): void {
    this.#expected.set(member, (this.#expected.get(member) ?? 0) + 1);
    queueMicrotask(() =>
      queueMicrotask(() => {
        const left = (this.#expected.get(member) ?? 1) - 1;
        if (left > 0) this.#expected.set(member, left);
        else this.#expected.delete(member);
      }),
    );
  }

  #reserveHere(): void {
    this.#here.running++;
    this.#here.reserved++;
  }

  #hereChosen(): Chosen {
    this.#reserveHere();
    return { at: 'here' };
  }

  #choose(): Placement {
    const { localSlots, random } = this.#parts;
    const here = { slots: localSlots, jobs: this.#here.running, typicalMs: this.#here.typicalMs };
    const workers = this.workers();
    // Nobody to wait for: everything runs here, as it would without a farm.
    if (workers.length === 0) return { at: 'here' };
    return choosePlace(
      here,
      workers.map(worker => this.#placeOf(worker)),
      () => random.fraction(),
    );
  }

  #placeOf({ member, offer }: OfferingWorker): WorkerPlace {
    const { typicalMs } = this.#standings.of(member);
    const own = this.#sentTo(member);
    // What it tells may be older than what we sent meanwhile; what others sent we know from it alone.
    return { member, slots: offer.slots, jobs: Math.max(own, offer.jobs), typicalMs, overheadMs };
  }

  #sentTo(member: MemberKey): number {
    let count = this.#expected.get(member) ?? 0;
    for (const job of this.#sent) if (job.member === member) count++;
    return count;
  }

  /** Nobody waits for a place any more: a job that waits at a worker goes to a free place, and a straggler is raced. */
  #recallOne(): void {
    const { clock, localSlots } = this.#parts;
    const isHereFree = this.#here.running < localSlots;
    const workers = this.workers();
    const isFree = (worker: OfferingWorker) => this.#placeOf(worker).jobs < worker.offer.slots;
    if (isHereFree || workers.some(isFree)) {
      const waits = ({ member, startedMs, sinceMs }: SentJob, at: OfferingWorker) =>
        member === at.member &&
        startedMs === undefined &&
        clock.nowMs() - sinceMs > waitingMsMin &&
        this.#sentTo(member) > at.offer.slots;
      const crowded = workers.find(
        at => !this.#isSoonFree(at.member) && [...this.#sent].some(job => job.mayMove && waits(job, at)),
      );
      const waiting = crowded && [...this.#sent].filter(job => job.mayMove && waits(job, crowded));
      // The longest first: the last one to begin is the one that everybody waits for.
      const [longest] = waiting?.sort((a, b) => (b.usualMs ?? 0) - (a.usualMs ?? 0)) ?? [];
      if (longest !== undefined) {
        longest.recall('moved');
        return;
      }
    }
    const stragglers = [...this.#sent].filter(job => this.#lateness(job) > 1);
    for (const straggler of stragglers) {
      const second = workers.find(worker => worker.member !== straggler.member && isFree(worker));
      if (straggler.isRaced || second === undefined) continue;
      straggler.isRaced = true;
      straggler.race(second);
      return;
    }
    const lost = stragglers.find(job => this.#lateness(job) > (job.isRaced ? lostFactorOfRaced : lostFactor));
    if (!isHereFree || lost === undefined) return;
    this.#standings.of(lost.member).ran(this.#tookMs(lost)); // it would have been longer yet
    lost.recall('straggler');
  }

  #tookMs({ startedMs, sinceMs }: SentJob): number {
    return this.#parts.clock.nowMs() - (startedMs ?? sinceMs);
  }

  /** How long a job has run, in parts of what makes it a straggler. */
  #lateness(job: SentJob): number {
    const { member, usualMs = 0 } = job;
    const typicalMs = this.#standings.of(member).typicalMs ?? this.#here.typicalMs ?? stragglerMsMin;
    return this.#tookMs(job) / Math.max(stragglerMsMin, stragglerFactor * Math.max(typicalMs, usualMs));
  }

  #isSoonFree(member: MemberKey): boolean {
    const now = this.#parts.clock.nowMs();
    const { typicalMs } = this.#standings.of(member);
    const ranMs = [...this.#sent].flatMap(job =>
      job.member === member && job.startedMs !== undefined ? [now - job.startedMs] : [],
    );
    return slotFreeInMs(ranMs, typicalMs) < Math.max(waitingMsMin, soonFactor * (typicalMs ?? 0));
  }
}
