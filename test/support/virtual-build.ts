// A whole build on virtual time: a build tool that keeps so many compiles going, workers that each run one job after the other, and
// the real dispatcher between them. Whatever is told between two machines takes a while.
import { type Digest, digestOf } from '../../src/digest.ts';
import { type Chosen, Dispatcher } from '../../src/farm/dispatcher.ts';
import type { OfferingWorker } from '../../src/farm/farm-network.ts';
import type { Runners } from '../../src/farm/sent-jobs.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import { ManualClock } from './manual-clock.ts';
import { SeededRandom } from './seeded-random.ts';

export interface VirtualTeam {
  readonly workers: number;
  /** Compiles that the build tool keeps going. */
  readonly jobs: number;
  /** From one machine to another, and from one program of the client's to the next. */
  readonly tellMs: number;
  /** How much longer or shorter a run may be than the same one before, as a part of it; on this machine, busy with the build itself, always longer. */
  readonly noise: number;
  readonly seed: number;
}

export interface VirtualCompile {
  readonly ms: number;
  readonly sizeBytes: number;
}

export interface VirtualBuildEnd {
  readonly tookMs: number;
  readonly moves: number;
  readonly races: number;
}

const stepMs = 10;
const never = new AbortController().signal;

/** A job as its worker has it. */
interface WorkerJob {
  readonly runMs: number;
  startedMs: number | undefined;
  isCancelled: boolean;
  readonly onStart: () => void;
  readonly onEnd: () => void;
}

class VirtualWorker {
  readonly member: MemberKey;
  readonly #clock: ManualClock;
  readonly #onChange: () => void;
  #jobs: WorkerJob[] = [];

  constructor(name: string, clock: ManualClock, onChange: () => void) {
    this.member = name as MemberKey;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get count(): number {
    return this.#jobs.length;
  }

  take(job: WorkerJob): void {
    if (job.isCancelled) return;
    this.#jobs.push(job);
    this.#begin();
  }

  drop(job: WorkerJob): void {
    job.isCancelled = true;
    this.#jobs = this.#jobs.filter(each => each !== job);
    this.#begin();
  }

  #begin(): void {
    this.#onChange();
    const [first] = this.#jobs;
    if (first === undefined || first.startedMs !== undefined) return;
    first.startedMs = this.#clock.nowMs();
    first.onStart();
    this.#clock.schedule(first.runMs, () => {
      if (first.isCancelled) return;
      this.drop(first);
      first.onEnd();
    });
  }
}

/** The dispatcher of one machine with a slot of its own, and its team; it remembers from build to build. */
export class VirtualClient {
  readonly #clock = new ManualClock();
  readonly #team: VirtualTeam;
  readonly #random: SeededRandom;
  readonly #workers: VirtualWorker[];
  readonly #dispatcher: Dispatcher;
  #offers: OfferingWorker[] = [];
  #onOffers = () => {};
  #moves = 0;
  #races = 0;

  constructor(team: VirtualTeam) {
    this.#team = team;
    this.#random = new SeededRandom(team.seed);
    this.#workers = Array.from(
      { length: team.workers },
      (_, i) => new VirtualWorker(`worker ${i}`, this.#clock, () => this.#later(() => this.#hearOffers())),
    );
    this.#hearOffers();
    this.#dispatcher = new Dispatcher({
      network: {
        workers: () => this.#offers,
        run: () => Promise.reject(new Error()),
        prepare: () => {},
        onChange: callback => {
          this.#onOffers = callback;
          return () => {};
        },
      },
      clock: this.#clock,
      localSlots: 1,
      mayWork: () => true,
      onRunsHere: () => {},
      onRanHere: () => {},
    });
  }

  /** Builds what takes so long and has a source of such a size, one compile each, in this order. */
  async build(compiles: readonly VirtualCompile[]): Promise<VirtualBuildEnd> {
    [this.#moves, this.#races] = [0, 0];
    const beganMs = this.#clock.nowMs();
    const left = compiles.map((compile, i) => ({ ...compile, command: digestOf(`compile ${i}`) }));
    let done = 0;
    const next = () => {
      const compile = left.shift();
      if (compile === undefined) return;
      void this.#compile(compile).then(() => {
        done++;
        this.#later(next);
      });
    };
    for (let i = 0; i < this.#team.jobs; i++) next();
    while (done < compiles.length) {
      this.#clock.advance(stepMs);
      await new Promise(resolve => setImmediate(resolve));
    }
    const tookMs = this.#clock.nowMs() - beganMs;
    this.#clock.advance(1_000);
    return { tookMs, moves: this.#moves, races: this.#races };
  }

  async #compile({ command, ms, sizeBytes }: VirtualCompile & { readonly command: Digest }): Promise<void> {
    await new Promise<void>(resolve => this.#later(resolve));
    if (this.#dispatcher.isHereBest(command)) return this.#runHere(command, ms, never);
    let hasMoved = false;
    for (;;) {
      const chosen: Chosen = await this.#dispatcher.place({ command, sizeBytes, mayJoin: false }, never);
      if (chosen.at === 'here') return this.#runHere(command, ms, never);
      const outcome = await this.#send(chosen.member, command, ms, !hasMoved);
      if (outcome === 'done') return;
      hasMoved = true;
      this.#moves++;
      await new Promise<void>(resolve => this.#clock.schedule(stepMs, resolve));
    }
  }

  #runHere(command: Digest, ms: number, signal: AbortSignal): Promise<void> {
    const end = this.#dispatcher.runsHere(command);
    return new Promise(resolve => {
      const over = (isWhole: boolean) => {
        cancel();
        end(isWhole);
        resolve();
      };
      const cancel = this.#clock.schedule(ms * (1 + this.#team.noise * this.#random.fraction()), () =>
        over(true),
      );
      signal.addEventListener('abort', () => over(false), { once: true });
    });
  }

  async #send(first: MemberKey, command: Digest, ms: number, mayMove: boolean): Promise<'done' | 'moved'> {
    const ended = Promise.withResolvers<'done' | 'moved'>();
    const runners: Runners = { isAtTwo: false, isHere: false, isOver: false };
    const lost = new AbortController();
    const over = (how: 'done' | 'moved') => {
      if (runners.isOver) return;
      runners.isOver = true;
      ended.resolve(how);
      lost.abort();
    };
    const sendTo = (member: MemberKey, isFirst: boolean) => {
      const worker = this.#workers.find(each => each.member === member)!;
      const runMs = ms * (1 + this.#team.noise * (2 * this.#random.fraction() - 1));
      const job: WorkerJob = {
        runMs,
        startedMs: undefined,
        isCancelled: false,
        onStart: () => this.#later(() => !runners.isOver && told.started()),
        onEnd: () =>
          this.#later(() => {
            if (runners.isOver) return;
            told.answered();
            this.#dispatcher.ran(member, command, runMs);
            over('done');
          }),
      };
      const told = this.#dispatcher.sends(this.#offers.find(each => each.member === member)!, {
        command,
        mayMove: mayMove && isFirst,
        joins: false,
        runners,
        move: () => over('moved'),
        race: second => {
          this.#races++;
          sendTo(second.member, false);
        },
        raceHere: () => {
          this.#races++;
          void this.#runHere(command, ms, lost.signal).then(() => over('done'));
        },
      });
      lost.signal.addEventListener('abort', () => {
        told.over();
        this.#later(() => worker.drop(job));
      });
      this.#later(() => worker.take(job));
    };
    sendTo(first, true);
    return ended.promise;
  }

  #hearOffers(): void {
    this.#offers = this.#workers.map(({ member, count }) => ({
      member,
      session: 0,
      offer: { slots: 1, jobs: count, isOpen: count < 2, running: [] },
    }));
    this.#onOffers();
  }

  #later(callback: () => void): void {
    this.#clock.schedule(this.#team.tellMs, callback);
  }
}
