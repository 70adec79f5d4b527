// Compiles at teammates' machines: guesses what a compile reads, has a worker run it, and takes the result only if this machine,
// by its own files, comes to the very action that the worker signed. What a run lacked is told before the next attempt; in
// doubt the compile runs here. Nothing in here can fail a build.
import type { Results } from '../actions/results.ts';
import type { SignedRecord } from '../actions/signed-record.ts';
import { keysInOrder } from '../compile/compile-key.ts';
import type { CompileTicket } from '../compile/compile-request.ts';
import type { FileStates } from '../compile/file-states.ts';
import type { Manifests } from '../compile/manifests.ts';
import type { RemoteRun, RemoteRuns, RunHere } from '../compile/remote-runs.ts';
import type { Digest } from '../digest.ts';
import { jobAttemptsMax } from '../limits.ts';
import { type Clock, sleep } from '../platform/clock.ts';
import type { Job, JobOutcome } from '../protocol/farm.ts';
import type { MemberKey } from '../team/identity.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { FarmNetwork, OfferingWorker } from './farm-network.ts';
import { Guesses } from './guesses.ts';
import { jobOf, languageOf } from './job-command.ts';
import type { LocalTree } from './local-tree.ts';
import { race } from './race.ts';
import { reasonToStay } from './reasons-to-stay.ts';
import type { Runners } from './sent-jobs.ts';
import { takeOutcome } from './taken-outcome.ts';
import { ToldWorkers } from './told-workers.ts';
import type { Toolchain, Toolchains } from './toolchain.ts';

export interface FarmedCompilesParts {
  readonly network: FarmNetwork;
  readonly dispatcher: Dispatcher;
  readonly toolchains: Toolchains;
  readonly tree: LocalTree;
  readonly states: FileStates;
  readonly results: Results;
  readonly manifests: Manifests;
  readonly clock: Clock;
  readonly mayVouch: (record: SignedRecord) => boolean;
  readonly fetchBlob: (
    member: MemberKey,
    digest: Digest,
    signal: AbortSignal,
  ) => Promise<Uint8Array | undefined>;
  readonly events: FarmEvents;
}

export interface FarmEvents {
  /** A compile is to go with this toolchain, which is small enough to be at every worker. */
  uses(toolchain: Toolchain): void;
  sent(member: MemberKey): void;
  done(member: MemberKey, durationMs: number): void;
  /** A job came back without a result, and why. */
  returned(reason: string): void;
  /** A compile that could have gone runs here, and why. */
  stayed(reason: string): void;
  refused(reason: string): void;
}

/** After these the job may go to another worker, or to the same one. */
const retriedRefusals: ReadonlySet<string> = new Set(['busy', 'not-lending', 'role', 'tree-lost']);

/** What is sent, to one worker or to two. */
interface Task {
  readonly job: Job;
  readonly toolchain: Toolchain;
  readonly files: ReadonlySet<string>;
  readonly command: Digest;
  readonly mayMove: boolean;
  readonly joins: boolean;
  readonly runners: Runners;
  readonly raceHere: () => void;
}

/** `moved`: another place is free for it. `gone`: the worker is. */
type Outcome = JobOutcome | 'moved' | 'gone';

export class FarmedCompiles implements RemoteRuns {
  readonly #parts: FarmedCompilesParts;
  readonly #guesses: Guesses;
  /** The last of those that wait for their turn. */
  #lastTurn: Promise<void> = Promise.resolve();
  readonly #told: ToldWorkers;

  constructor(parts: FarmedCompilesParts) {
    this.#parts = parts;
    this.#guesses = new Guesses(parts);
    this.#told = new ToldWorkers(parts.tree);
  }

  begin(ticket: CompileTicket, signal: AbortSignal): Promise<RemoteRun | RunHere> | undefined {
    const { events } = this.#parts;
    const reason = this.#reasonToStay(ticket);
    if (reason !== undefined) {
      if (reason !== 'off') events.stayed(reason);
      return undefined;
    }
    const here = Promise.withResolvers<RunHere>();
    const givenUp = new AbortController();
    let isHere = false;
    const raceHere = () => {
      isHere = true;
      events.returned('raced-here');
      // A rustc that is stopped leaves what it began: once it runs it goes on to its end.
      const isForGood = ticket.identity.family === 'rustc';
      if (isForGood) givenUp.abort(new Error('it runs here'));
      here.resolve(isForGood ? {} : { rival: run });
    };
    const run = this.#run(ticket, raceHere, AbortSignal.any([signal, givenUp.signal])).catch(() => {
      events.stayed(isHere ? 'raced-here' : signal.aborted ? 'cancelled' : 'trouble');
      return undefined;
    });
    return Promise.race([here.promise, run.then(found => found ?? {})]);
  }

  /** The epoch in which this worker is told of files now. */
  epochAt(worker: OfferingWorker): number {
    return this.#told.to(worker).epoch;
  }

  runsHere(ticket: CompileTicket): (isWhole: boolean) => void {
    return this.#parts.dispatcher.runsHere(commandOf(ticket));
  }

  #reasonToStay(ticket: CompileTicket): string | undefined {
    if (ticket.settings.farm === 'off') return 'off';
    const { dispatcher } = this.#parts;
    const command = commandOf(ticket);
    if (dispatcher.workers().length === 0 && !dispatcher.isJoinable(command)) return 'no-worker';
    return reasonToStay(ticket) ?? (dispatcher.isHereBest(command) ? 'faster-here' : undefined);
  }

  async #run(
    ticket: CompileTicket,
    raceHere: () => void,
    signal: AbortSignal,
  ): Promise<RemoteRun | undefined> {
    const { network, dispatcher, toolchains, events } = this.#parts;
    const { request, identity } = ticket;
    const command = commandOf(ticket);
    const toolchain = await toolchains.of(request.compiler, identity.compiler, languageOf(identity));
    if (toolchain === undefined) return this.#stay('no-toolchain');
    if (identity.family !== 'rustc') events.uses(toolchain);
    await this.#turn();
    const guess = await this.#guesses.of(ticket, toolchain);
    let hasMoved = false;
    let mayJoin = true;
    for (let attempts = 0; attempts < jobAttemptsMax; ) {
      const obstacle = this.#guesses.obstacleTo(guess, ticket);
      if (obstacle !== undefined) return this.#stay(obstacle);
      const chosen = await dispatcher.place({ command, sizeBytes: guess.sourceBytes, mayJoin }, signal);
      const joins = chosen.at === 'join';
      mayJoin = false; // what has come back from somewhere has waited long enough
      if (chosen.at === 'here') return this.#stay(attempts > 0 ? 'guess-failed' : 'faster-here');
      const worker = network.workers().find(({ member }) => member === chosen.member);
      if (worker === undefined) continue;
      const job = jobOf(ticket, toolchain, guess.variables);
      const runners = { isAtTwo: false, isHere: false, isOver: false };
      const sent = { job, toolchain, files: guess.files, command, runners, raceHere };
      const task: Task = { ...sent, mayMove: !hasMoved && !joins, joins };
      const { outcome, from } = await race(
        worker,
        (at, add, stop) =>
          this.#send(at, at === worker ? task : { ...task, mayMove: false, joins: false }, add, stop),
        decides,
        signal,
      );
      runners.isOver = true;
      if (typeof outcome === 'string') events.returned(outcome);
      hasMoved ||= outcome === 'moved';
      const isUseless = typeof outcome === 'string' || outcome.kind !== 'done';
      if (isUseless && runners.isHere) return this.#stay('raced-here'); // it needs no second attempt
      if (outcome === 'moved' || outcome === 'gone') continue;
      if (outcome.kind === 'refused') {
        events.returned(outcome.reason);
        if (!retriedRefusals.has(outcome.reason)) return this.#stay(outcome.reason);
        if (outcome.reason === 'tree-lost') attempts++;
        continue;
      }
      const run =
        outcome.kind === 'done'
          ? await takeOutcome(outcome, from.member, ticket, this.#parts, signal)
          : undefined;
      if (run !== undefined) {
        const { durationMs } = run.found.record;
        dispatcher.ran(from.member, command, durationMs);
        const keep = () => {
          run.keep();
          events.done(from.member, durationMs);
        };
        return { ...run, keep };
      }
      events.returned(outcome.kind === 'useless' ? outcome.reason : 'other-inputs');
      attempts++;
      const hasVariables = this.#guesses.learn(outcome.set, ticket, guess);
      if (!hasVariables && !this.#told.to(from).isNews(guess.files))
        return this.#stay(outcome.kind === 'useless' ? outcome.reason : 'other-inputs');
    }
    return this.#stay('guess-failed');
  }

  /** Sends the job and what the worker must be told; the outcome, or why there is none. */
  async #send(
    worker: OfferingWorker,
    { job, toolchain, files, raceHere, ...sending }: Task,
    raceWith: (other: OfferingWorker) => void,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { network, dispatcher, tree, events, toolchains } = this.#parts;
    const recalled = new AbortController();
    const sent = dispatcher.sends(worker, {
      ...sending,
      move: () => recalled.abort(),
      race: second => {
        events.returned('raced');
        raceWith(second);
      },
      raceHere,
    });
    events.sent(worker.member);
    try {
      await this.#turn();
      const stop = AbortSignal.any([signal, recalled.signal]);
      stop.throwIfAborted(); // what a request tells counts as told
      const request = this.#told.requestOf(worker, { job, toolchain, files, joins: sending.joins });
      const asked = {
        bytesOf: (digest: Digest) => toolchains.bytesOf(digest) ?? tree.bytesOf(digest),
        started: () => sent.started(),
      };
      const outcome = await network.run(worker.member, request, asked, stop);
      if (outcome.kind === 'refused' && outcome.reason === 'tree-lost')
        this.#told.to(worker).forget(request.epoch);
      const isItsFault =
        outcome.kind === 'refused' && !['busy', 'tree-lost', 'unsound', 'limit'].includes(outcome.reason);
      if (isItsFault) sent.failed();
      else sent.answered();
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      if (recalled.signal.aborted) return 'moved';
      sent.failed();
      events.refused(`farm-${error instanceof Error ? 'worker-gone' : 'trouble'}`);
      return 'gone';
    } finally {
      sent.over();
    }
  }

  /**
   * One after the other, and with time between them for everything else: a dozen compiles that begin at once would keep the
   * launchers from hearing that this machine lives.
   */
  #turn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(() => sleep(this.#parts.clock, 0));
    return this.#lastTurn;
  }

  #stay(reason: string): undefined {
    this.#parts.events.stayed(reason);
    return undefined;
  }
}

/** The same for compiles that are the same but for their inputs. */
function commandOf({ keys }: CompileTicket): Digest {
  return keysInOrder(keys)[0]!;
}

/** Whether nothing better can come of a second run: a result, or what any run would lack. */
function decides(outcome: Outcome): boolean {
  return typeof outcome !== 'string' && outcome.kind !== 'refused';
}
