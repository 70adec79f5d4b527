// Compiles at teammates' machines: guesses what a compile reads, has a worker run it, and takes the result only if this machine,
// by its own files, comes to the very action that the worker signed. What a run lacked is told before the next attempt; in
// doubt the compile runs here. Nothing in here can fail a build.
import type { Results } from '../actions/results.ts';
import type { SignedRecord } from '../actions/signed-record.ts';
import { keysInOrder } from '../compile/compile-key.ts';
import type { CompileTicket } from '../compile/compile-request.ts';
import type { FileStates } from '../compile/file-states.ts';
import type { Manifests } from '../compile/manifests.ts';
import type { RemoteRun, RemoteRuns } from '../compile/remote-runs.ts';
import { type Digest, digestSizeBytes } from '../digest.ts';
import { farmBlobsPerFrameBytesMax, jobAttemptsMax } from '../limits.ts';
import { type Clock, sleep } from '../platform/clock.ts';
import type { Job, JobOutcome, JobRequest } from '../protocol/farm.ts';
import { travelsAlong } from '../protocol/farm.ts';
import type { MemberKey } from '../team/identity.ts';
import type { Dispatcher, RecallReason } from './dispatcher.ts';
import type { FarmNetwork, OfferingWorker } from './farm-network.ts';
import { Guesses } from './guesses.ts';
import { jobOf, languageOf } from './job-command.ts';
import type { LocalTree } from './local-tree.ts';
import { race } from './race.ts';
import { reasonToStay } from './reasons-to-stay.ts';
import { takeOutcome } from './taken-outcome.ts';
import { ToldFiles } from './told-files.ts';
import type { Toolchain, Toolchains } from './toolchain.ts';
import { systemFolders } from './travel.ts';

export interface FarmedCompilesParts {
  readonly network: FarmNetwork;
  readonly dispatcher: Dispatcher;
  readonly toolchains: Toolchains;
  readonly tree: LocalTree;
  readonly states: FileStates;
  readonly results: Results;
  readonly manifests: Manifests;
  readonly clock: Clock;
  /** Whether jobs may leave this machine, unless the command's environment (P2PCACHE_FARM) says otherwise. */
  readonly isOn: boolean;
  readonly mayVouch: (record: SignedRecord) => boolean;
  readonly fetchBlob: (
    member: MemberKey,
    digest: Digest,
    signal: AbortSignal,
  ) => Promise<Uint8Array | undefined>;
  readonly events: FarmEvents;
}

export interface FarmEvents {
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

/** Commands whose duration is remembered. */

/** What is sent, to one worker or to two. */
interface Task {
  readonly job: Job;
  readonly toolchain: Toolchain;
  readonly files: ReadonlySet<string>;
  readonly command: Digest;
  readonly mayMove: boolean;
  readonly isRaced: boolean;
}

type Outcome = JobOutcome | RecallReason | 'gone';

export class FarmedCompiles implements RemoteRuns {
  readonly #parts: FarmedCompilesParts;
  readonly #guesses: Guesses;
  /** The last of those that wait for their turn. */
  #lastTurn: Promise<void> = Promise.resolve();
  readonly #told = new Map<MemberKey, { readonly session: number; readonly files: ToldFiles }>();

  constructor(parts: FarmedCompilesParts) {
    this.#parts = parts;
    this.#guesses = new Guesses(parts);
  }

  begin(ticket: CompileTicket, signal: AbortSignal): Promise<RemoteRun | undefined> | undefined {
    const reason = this.#reasonToStay(ticket);
    if (reason !== undefined) {
      if (reason !== 'off') this.#parts.events.stayed(reason);
      return undefined;
    }
    return this.#run(ticket, signal).catch(() => {
      this.#parts.events.stayed(signal.aborted ? 'cancelled' : 'trouble');
      return undefined;
    });
  }

  runsHere(): () => void {
    return this.#parts.dispatcher.runsHere();
  }

  #reasonToStay(ticket: CompileTicket): string | undefined {
    const wish = ticket.request.environment('P2PCACHE_FARM');
    if (wish === undefined || wish === '' ? !this.#parts.isOn : wish === 'off') return 'off';
    const { dispatcher } = this.#parts;
    if (dispatcher.workers().length === 0) return 'no-worker';
    return reasonToStay(ticket) ?? (dispatcher.isHereBest ? 'faster-here' : undefined);
  }

  async #run(ticket: CompileTicket, signal: AbortSignal): Promise<RemoteRun | undefined> {
    const { dispatcher, toolchains, events } = this.#parts;
    const { request, identity } = ticket;
    const [key] = keysInOrder(ticket.keys) as [Digest];
    const toolchain = await toolchains.of(request.compiler, identity.compiler, languageOf(identity));
    if (toolchain === undefined) return this.#stay('no-toolchain');
    await this.#turn();
    const guess = await this.#guesses.of(ticket, toolchain);
    let hasMoved = false;
    for (let attempts = 0; attempts < jobAttemptsMax; ) {
      const obstacle = this.#guesses.obstacleTo(guess, ticket);
      if (obstacle !== undefined) return this.#stay(obstacle);
      const chosen = await dispatcher.place(signal);
      if (chosen.at === 'here') return this.#stay(attempts > 0 ? 'guess-failed' : 'faster-here');
      const worker = dispatcher.workers().find(({ member }) => member === chosen.member);
      if (worker === undefined) continue;
      const job = jobOf(ticket, toolchain, guess.variables);
      const sent = { job, toolchain, files: guess.files, command: key };
      const task: Task = { ...sent, mayMove: !hasMoved, isRaced: false };
      const second: Task = { ...sent, mayMove: false, isRaced: true };
      const { outcome, from } = await race(
        worker,
        (at, add, stop) => this.#send(at, at === worker ? task : second, add, stop),
        decides,
        signal,
      );
      if (typeof outcome === 'string') events.returned(outcome);
      if (outcome === 'straggler') return this.#stay('straggler');
      hasMoved ||= outcome === 'moved';
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
        dispatcher.ran(from.member, key, durationMs);
        events.done(from.member, durationMs);
        return run;
      }
      events.returned(outcome.kind === 'useless' ? outcome.reason : 'other-inputs');
      attempts++;
      const lacked = this.#guesses.learn(outcome.set, ticket, guess);
      if (!lacked.hasVariables && !this.#toldTo(from).isNews(lacked.paths))
        return this.#stay(outcome.kind === 'useless' ? outcome.reason : 'other-inputs');
    }
    return this.#stay('guess-failed');
  }

  /** Sends the job and what the worker must be told; the outcome, or why there is none. */
  async #send(
    worker: OfferingWorker,
    { job, toolchain, files, command, mayMove, isRaced }: Task,
    raceWith: (other: OfferingWorker) => void,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { network, dispatcher, tree, events, toolchains } = this.#parts;
    const recalled = new AbortController();
    const sent = dispatcher.sends(worker.member, {
      mayMove,
      isRaced,
      command,
      recall: reason => recalled.abort(reason),
      race: second => {
        events.returned('raced');
        raceWith(second);
      },
    });
    events.sent(worker.member);
    try {
      await this.#turn();
      const stop = AbortSignal.any([signal, recalled.signal]);
      stop.throwIfAborted(); // what a request tells counts as told
      const request = this.#requestOf(worker, job, toolchain, files);
      const asked = {
        bytesOf: (digest: Digest) => toolchains.bytesOf(digest) ?? tree.bytesOf(digest),
        started: () => sent.started(),
      };
      const outcome = await network.run(worker.member, request, asked, stop);
      if (outcome.kind === 'refused' && outcome.reason === 'tree-lost')
        this.#toldTo(worker).forget(request.epoch);
      const isItsFault =
        outcome.kind === 'refused' && !['busy', 'tree-lost', 'unsound', 'limit'].includes(outcome.reason);
      if (isItsFault) sent.failed();
      else sent.answered();
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      if (recalled.signal.aborted) return recalled.signal.reason as RecallReason;
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

  #requestOf(worker: OfferingWorker, job: Job, toolchain: Toolchain, files: ReadonlySet<string>): JobRequest {
    const told = this.#toldTo(worker);
    told.note(toolchain);
    const toldBefore = told.count;
    const entries = told.news(files);
    const blobs = new Map<Digest, Uint8Array>();
    let room = farmBlobsPerFrameBytesMax;
    for (const entry of entries) {
      if (entry.kind !== 'file' || systemFolders.test(entry.path)) continue;
      const size = digestSizeBytes(entry.digest);
      if (size === 0 || size > room || !travelsAlong(size)) continue;
      const bytes = this.#parts.tree.bytesOf(entry.digest);
      if (bytes === undefined) continue;
      blobs.set(entry.digest, bytes);
      room -= size;
    }
    return { job, epoch: told.epoch, toldBefore, entries, blobs };
  }

  #toldTo({ member, session }: OfferingWorker): ToldFiles {
    let told = this.#told.get(member);
    if (told === undefined || told.session !== session) {
      told = { session, files: new ToldFiles(this.#parts.tree) };
      this.#told.set(member, told);
    }
    return told.files;
  }

  #stay(reason: string): undefined {
    this.#parts.events.stayed(reason);
    return undefined;
  }
}

/** Whether nothing better can come of a second run: a result, or what any run would lack. */
function decides(outcome: Outcome): boolean {
  if (typeof outcome === 'string') return outcome === 'straggler';
  return outcome.kind !== 'refused';
}
