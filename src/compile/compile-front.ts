// The compile front: turns a compiler's command into an action, finds its result or has it run under observation, and
// makes a result of what the run did. In doubt a command is run as it is, with a named reason (`p2pcache stats` counts it).
import type { Found, Results } from '../actions/results.ts';
import type { Digest } from '../digest.ts';
import type { ProcessRunner } from '../platform/process-runner.ts';
import { checksOf } from './checks.ts';
import { claimOf } from './claim.ts';
import { identifyCompile } from './compile-identity.ts';
import { type CompileIdentity, type CompileKeys, compileKeys } from './compile-key.ts';
import {
  type RestoredOutput,
  readOutputs,
  restoreOutputs,
  restoreText,
  type WrittenFile,
} from './compile-outputs.ts';
import { isExpectedOutput } from './expected-outputs.ts';
import type { FileStates } from './file-states.ts';
import { FolderProof } from './folder-proof.ts';
import { absolutePath, type Environment, evaluateInputs, type InputSet } from './input-manifest.ts';
import type { Manifests } from './manifests.ts';
import { type Observation, readObservation } from './observation.ts';
import { fromPortable, type ProjectFolder } from './project-folder.ts';
import { ReadyResults } from './ready-results.ts';
import { noRemoteRuns, type RemoteRun, type RemoteRuns } from './remote-runs.ts';

export interface CompileRequest {
  /** The compiler's path, found along PATH. */
  readonly compiler: string;
  /** The name it is called by, and its arguments. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Environment;
  /** The whole environment. */
  readonly variables: () => Record<string, string>;
  readonly stderrIsTerminal: boolean;
}

export type CompileReply =
  | { readonly kind: 'run-plain' }
  | CompileRun
  /** A teammate may run it: the launcher is kept waiting, and told to run it itself whenever that is better. */
  | {
      readonly kind: 'wait';
      readonly reply: Promise<CompileRun | CompileResult>;
      /** Nobody waits any more. */
      cancel(): void;
    }
  | CompileResult;

export interface CompileRun {
  readonly kind: 'run-observed';
  readonly added: readonly string[];
  readonly ticket: CompileTicket;
  /** To be called once, when the compiler has ended or its launcher is gone. */
  readonly ended: () => void;
}

export interface CompileResult {
  readonly kind: 'result';
  readonly exitCode: number;
  readonly outputs: readonly RestoredOutput[];
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** What the launcher verifies first; where a check fails it asks again with `beginAfresh`. Empty: verified already. */
  readonly checks: readonly Buffer[];
  /** To be called once the launcher has taken the result: counts the hit, and makes the next one ready. */
  readonly taken: () => void;
}

/** What is known of a compile that runs now. */
export interface CompileTicket {
  readonly request: CompileRequest;
  readonly identity: CompileIdentity;
  readonly keys: CompileKeys;
}

export interface CompileReport {
  /** Zero only where the compiler ended by itself with exit code 0. */
  readonly status: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Undefined where there was more of it than is kept. */
  readonly stdout: Buffer | undefined;
  readonly stderr: Buffer | undefined;
  readonly log: Buffer;
}

export interface CompileEvents {
  hit(found: Found): void;
  miss(): void;
  uncached(reason: string): void;
  refused(reason: string): void;
}

interface Hit {
  readonly found: Found;
  readonly set: InputSet;
}

/** A file changed this long before a compile's start could, by a coarse clock, have changed after it. */
const clockTickMs = 5;

export class CompileFront {
  readonly #results: Results;
  readonly #manifests: Manifests;
  readonly #states: FileStates;
  readonly #events: CompileEvents;
  readonly #ready = new ReadyResults();
  readonly #proof: FolderProof;
  readonly #cpu: () => string;
  readonly #remote: RemoteRuns;
  readonly #peerDeadline: () => { signal: AbortSignal; dispose(): void };

  constructor(parts: {
    results: Results;
    manifests: Manifests;
    states: FileStates;
    events: CompileEvents;
    /** Describes the processor as far as -march=native sees it. */
    cpu: () => string;
    processes: ProcessRunner;
    remote?: RemoteRuns;
    /** Bounds all that one compile waits for teammates. */
    peerDeadline: () => { signal: AbortSignal; dispose(): void };
  }) {
    this.#results = parts.results;
    this.#manifests = parts.manifests;
    this.#states = parts.states;
    this.#events = parts.events;
    this.#cpu = parts.cpu;
    this.#remote = parts.remote ?? noRemoteRuns;
    this.#proof = new FolderProof(parts.processes);
    this.#peerDeadline = parts.peerDeadline;
  }

  /** Answers a launcher: a result, or how to run the command. Never rejects for anything about the command. */
  async begin(request: CompileRequest): Promise<CompileReply> {
    const ready = this.#ready.get(this.#ready.keyOf(request));
    const [found] = ready === undefined ? [] : await this.#results.findHere(ready.action);
    if (ready === undefined || found === undefined) return this.beginAfresh(request);
    return resultReply(found, ready.folder, ready.checks, () => this.#events.hit(found));
  }

  /** The same without a shortcut: every input is looked at. */
  async beginAfresh(request: CompileRequest): Promise<CompileReply> {
    this.#ready.delete(this.#ready.keyOf(request));
    const identity = identifyCompile(request, this.#states, this.#cpu);
    if ('uncached' in identity) {
      this.#events.uncached(identity.uncached);
      return { kind: 'run-plain' };
    }
    const keys = compileKeys(identity);
    const hit =
      (await this.#find(keys, request, identity)) ?? (await this.#findAtPeers(keys, request, identity));
    if (hit === undefined) {
      return this.#run({ request, identity, keys });
    }
    return resultReply(hit.found, identity.folder, [], () => {
      this.#events.hit(hit.found);
      this.#makeReady(request, identity.folder, hit.set, hit.found.record.action);
    });
  }

  /** Elsewhere if the farm takes it, else here. */
  #run(ticket: CompileTicket): CompileReply {
    const runHere = (): CompileRun => {
      const ended = this.#remote.runsHere();
      return { kind: 'run-observed', added: ticket.identity.added, ticket, ended };
    };
    const abort = new AbortController();
    const remote = this.#remote.begin(ticket, abort.signal);
    if (remote === undefined) return runHere();
    const reply = remote.then(run => (run === undefined ? runHere() : this.#takeRemote(ticket, run)));
    return { kind: 'wait', reply, cancel: () => abort.abort(new Error('the launcher is gone')) };
  }

  #takeRemote({ request, identity }: CompileTicket, { found, set }: RemoteRun): CompileResult {
    return resultReply(found, identity.folder, [], () => {
      this.#events.miss();
      this.#makeReady(request, identity.folder, set, found.record.action);
    });
  }

  #makeReady(request: CompileRequest, folder: ProjectFolder, set: InputSet, action: Digest): void {
    const checks = checksOf(set, folder, this.#states);
    if (checks !== undefined) this.#ready.set(request, set.environment, { action, folder, checks });
  }

  /**
   * Takes in what a run did. What it left is read before this returns, so the launcher can be let go at once; the function
   * that is returned does the rest.
   */
  finish(ticket: CompileTicket, report: CompileReport): () => Promise<void> {
    const taken = this.#takeOutputs(ticket, report);
    if ('uncached' in taken) {
      this.#events.uncached(taken.uncached);
      return async () => {};
    }
    return () => this.#keep(ticket, report, taken.observed, taken.files);
  }

  async #findAtPeers(
    keys: CompileKeys,
    request: CompileRequest,
    identity: CompileIdentity,
  ): Promise<Hit | undefined> {
    const { signal, dispose } = this.#peerDeadline();
    try {
      return await this.#find(keys, request, identity, signal);
    } finally {
      dispose();
    }
  }

  /** On this machine; at teammates where a signal is given that ends the search. */
  async #find(
    keys: CompileKeys,
    request: CompileRequest,
    identity: CompileIdentity,
    peers?: AbortSignal,
  ): Promise<Hit | undefined> {
    for (const key of [keys.shared, keys.bound, keys.unproven]) {
      const seen = new Set<Digest>();
      for (const set of await this.#manifests.setsOf(key, peers)) {
        const action = evaluateInputs(key, set, identity.folder, identity.environment, this.#states);
        if (action === undefined || seen.has(action)) continue;
        seen.add(action);
        const results = await (peers
          ? this.#results.findAtPeers(action, peers)
          : this.#results.findHere(action));
        const found = results.find(each => this.#writesOnlyItsOwn(each, identity));
        if (found === undefined) continue;
        if (key === keys.unproven && !(await this.#proof.isFolderFree(action, request, identity))) continue;
        return { found, set };
      }
    }
    return undefined;
  }

  /** A record that names other files than the command's own is refused, whoever signed it. */
  #writesOnlyItsOwn({ record }: Found, { command, folder }: CompileIdentity): boolean {
    const isFine = record.result.outputFiles.every(file =>
      isExpectedOutput(fromPortable(file.path, folder.root), command),
    );
    if (!isFine) this.#events.refused('output-path');
    return isFine;
  }

  #takeOutputs(
    ticket: CompileTicket,
    report: CompileReport,
  ): { observed: Observation; files: WrittenFile[] } | { uncached: string } {
    if (report.status !== 0) return { uncached: 'compile-failed' };
    if (report.stdout === undefined || report.stderr === undefined) return { uncached: 'too-much-output' };
    const observed = readObservation(report.log);
    if ('uncached' in observed) return observed;
    const files = readOutputs(observed.written, ticket.identity.folder);
    if (files === undefined) return { uncached: 'special-output' };
    const isExpected = files.every(file => isExpectedOutput(file.path, ticket.identity.command));
    return isExpected ? { observed, files } : { uncached: 'unexpected-output' };
  }

  async #keep(
    { request, identity, keys }: CompileTicket,
    report: CompileReport,
    observed: Observation,
    files: WrittenFile[],
  ): Promise<void> {
    const changed = this.#firstUnsettled(observed, identity, report.startedAtMs);
    if (changed !== undefined) return this.#events.uncached(changed);
    const run = { observed, files, stdout: report.stdout!, stderr: report.stderr! };
    const claim = claimOf(run, identity, keys, this.#states);
    if (claim === undefined) return this.#events.uncached('input-changed');
    const { set, actions, result, blobs } = claim;
    const { durationMs } = report;
    const kept = actions.flatMap(({ key, action }) => [
      this.#results.keep({ kind: 'result', action, result, blobs, origin: 'local', durationMs }),
      this.#manifests.keep(key, set),
    ]);
    this.#makeReady(request, identity.folder, set, actions[0]!.action);
    this.#events.miss();
    await Promise.all(kept);
  }

  /** Inputs must have been the same from before the run until now; else nobody knows what the compiler read. */
  #firstUnsettled(observed: Observation, identity: CompileIdentity, startedAtMs: number): string | undefined {
    for (const path of observed.reads) {
      const absolute = absolutePath(path, identity.folder);
      if (this.#states.changedSince(absolute, startedAtMs - clockTickMs)) return 'input-changed';
    }
    return undefined;
  }
}

function resultReply(
  { record: { result }, blobs }: Found,
  folder: ProjectFolder,
  checks: readonly Buffer[],
  taken: () => void,
): CompileResult {
  return {
    kind: 'result',
    exitCode: result.exitCode,
    outputs: restoreOutputs(result, blobs, folder),
    stdout: restoreText(blobs.get(result.stdout), folder),
    stderr: restoreText(blobs.get(result.stderr), folder),
    checks,
    taken,
  };
}
