// Gives each job its place as soon as there is one, and looks after those that have been sent. Knows nothing of compiles.
import type { Digest } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';
import type { MemberKey } from '../team/identity.ts';
import { Choice } from './choice.ts';
import type { FarmNetwork, OfferingWorker } from './farm-network.ts';
import { LocalRuns } from './local-runs.ts';
import type { Placement } from './placement.ts';
import { Predictions } from './predictions.ts';
import { nextRescue } from './rescues.ts';
import { type Sending, type SentJob, SentJobs } from './sent-jobs.ts';
import { Standings } from './standings.ts';
import { type WaitingJob, WaitingJobs } from './waiting-jobs.ts';

export interface DispatcherParts {
  readonly network: FarmNetwork;
  readonly clock: Clock;
  /** Compiles that this machine runs at once without crowding. */
  readonly localSlots: number;
  /** Whether the team lets this member work for us. */
  readonly mayWork: (member: MemberKey) => boolean;
  /** A compile begins on this machine; one has run on it. */
  readonly onRunsHere: () => void;
  readonly onRanHere: (durationMs: number) => void;
}

export type Chosen =
  | Exclude<Placement, { at: 'later' }>
  /** The same compile runs there for another. */
  | { readonly at: 'join'; readonly member: MemberKey };

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
  readonly #choice: Choice;
  readonly #waiting = new WaitingJobs<Chosen>();
  readonly #stopListening: () => void;
  #busyAtMs = 0;
  #cancelLook: (() => void) | undefined;
  /** A job that was taken back for a better place, and has yet to ask for one. */
  #moving: { readonly command: string; readonly sinceMs: number } | undefined;

  constructor(parts: DispatcherParts) {
    const { clock, localSlots, network } = parts;
    this.#parts = parts;
    this.#local = new LocalRuns(clock, localSlots);
    this.#sent = new SentJobs(clock);
    const known = { clock, local: this.#local, sent: this.#sent, standings: this.#standings };
    this.#predictions = new Predictions(known);
    this.#choice = new Choice({ ...parts, ...known, predictions: this.#predictions });
    this.#stopListening = network.onChange(() => this.#look());
  }

  stop(): void {
    this.#stopListening();
    this.#cancelLook?.();
    for (const waiting of this.#waiting.clear()) this.#placeHere(waiting);
  }

  /** Workers that take jobs now, however slow they are. */
  workers(): readonly OfferingWorker[] {
    return this.#choice.workers();
  }

  get runningHere(): number {
    return this.#local.count;
  }

  get sentCount(): number {
    return this.#sent.size;
  }

  /** Whether a job that comes now should run here without further ado. */
  isHereBest(command: Digest): boolean {
    this.#noteWork();
    const isHere = this.#waiting.size === 0 && this.#choice.next(command).at === 'here';
    return isHere && !this.isJoinable(command);
  }

  /** Whether a worker has this very compile run now, for another. */
  isJoinable(command: Digest): boolean {
    return this.#choice.whoRuns(command) !== undefined;
  }

  /**
   * The place for a job with a source of this size, as soon as there is one; where a teammate has the same run, that one, if the
   * job may join it. Rejects with the signal's reason.
   */
  place(
    { command, sizeBytes, mayJoin }: { command: Digest; sizeBytes: number; mayJoin: boolean },
    signal: AbortSignal,
  ): Promise<Chosen> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const joined = mayJoin ? this.#choice.whoRuns(command) : undefined;
      if (joined !== undefined) return resolve({ at: 'join', member: joined });
      const onAbort = () => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      const waiting: WaitingJob<Chosen> = {
        command,
        sizeBytes,
        choose: chosen => {
          signal.removeEventListener('abort', onAbort);
          resolve(chosen);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (this.#moving?.command === command) this.#moving = undefined;
      this.#waiting.add(waiting);
      this.#look();
    });
  }

  /** A compile begins here: one that was placed here, or one that never asked. The returned function tells of its end. */
  runsHere(command: string): (isWhole: boolean) => void {
    this.#noteWork();
    const end = this.#local.begin(command);
    this.#parts.onRunsHere();
    const startedMs = this.#parts.clock.nowMs();
    let isOver = false;
    return isWhole => {
      if (isOver) return;
      isOver = true;
      const ownMs = end();
      this.#busyAtMs = this.#parts.clock.nowMs();
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
    this.#cancelLook ??= clock.schedule(this.#lookInMs(), () => this.#look());
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
        this.#busyAtMs = clock.nowMs();
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

  /** A compile comes; after a pause it is taken for a build's first. */
  #noteWork(): void {
    const nowMs = this.#parts.clock.nowMs();
    const isIdle = this.#local.count + this.#sent.size + this.#waiting.size === 0;
    if (isIdle && nowMs - this.#busyAtMs > pauseMs) this.#standings.retrySlow();
    this.#busyAtMs = nowMs;
  }

  /** Places whom it can, and does something for those that are badly placed. */
  #look(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    for (let next = this.#waiting.next(); next !== undefined; next = this.#waiting.next()) {
      const chosen = this.#choice.next(next.command);
      if (chosen.at === 'later') break;
      this.#waiting.take(next);
      if (chosen.at === 'here') this.#placeHere(next);
      else {
        this.#sent.expect(chosen.member);
        next.choose(chosen);
      }
    }
    if (this.#waiting.size === 0 && !this.#isMoving()) this.#rescue();
    if (this.#waiting.size > 0 || this.#sent.size > 0)
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

  /** Whether a place may be taken already. A job that does not come back has been given up. */
  #isMoving(): boolean {
    if (this.#moving !== undefined && this.#parts.clock.nowMs() - this.#moving.sinceMs > lookEveryMs)
      this.#moving = undefined;
    return this.#moving !== undefined;
  }

  #rescue(): void {
    for (;;) {
      const rescue = nextRescue({
        predictions: this.#predictions,
        sent: this.#sent,
        isHereIdle: (this.#freeHereMs() ?? 0) >= idleMsMin,
        workers: this.#choice.workers(),
        free: this.#choice.free(),
      });
      if (rescue === undefined) return;
      const { kind, job } = rescue;
      if (kind === 'move') {
        this.#moving = { command: job.command, sinceMs: this.#parts.clock.nowMs() };
        job.move();
        return; // once it is back there is another look
      }
      if (kind === 'race-here') {
        job.runners.isHere = true;
        this.#local.reserve(job.command, true);
        job.raceHere();
      } else {
        job.runners.isAtTwo = true;
        job.race(rescue.second);
      }
    }
  }

  #placeHere({ command, choose }: WaitingJob<Chosen>): void {
    this.#local.reserve(command, false);
    choose({ at: 'here' });
  }
}
