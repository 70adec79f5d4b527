// The compile front: turns a compiler's command into an action, finds its result or has it run under observation, and
// makes a result of what the run did. In doubt a command is run as it is, with a named reason (`p2pcache stats` counts it).
import type { Found, Results } from '../actions/results.ts';
import type { Digest } from '../digest.ts';
import type { ProcessRunner } from '../platform/process-runner.ts';
import type { PendingClaim } from './claim.ts';
import type { Uncached } from './command-line.ts';
import { identifyCompile } from './compile-identity.ts';
import { type CompileIdentity, type CompileKeys, keysInOrder } from './compile-key.ts';
import { restoreResult } from './compile-outputs.ts';
import type {
  CompileEvents,
  CompileReply,
  CompileReport,
  CompileRequest,
  CompileResult,
  CompileRun,
  CompileTicket,
} from './compile-request.ts';
import { environmentSettings, mayRead, mayWrite, type ReadSettings } from './compile-settings.ts';
import { familyRules } from './families.ts';
import type { FileStates } from './file-states.ts';
import { FolderProof } from './folder-proof.ts';
import { absolutePath, type EvaluatedInputs, findInputs, underKey } from './input-manifest.ts';
import type { Manifests } from './manifests.ts';
import { PrefixMaps } from './prefix-maps.ts';
import { fromPortable, type ProjectFolder } from './project-folder.ts';
import { noRemoteRuns, type RemoteRun, type RemoteRuns, type RunHere } from './remote-runs.ts';
import type { Repeats } from './repeats.ts';
import { type RunningOutput, RunningOutputs } from './running-outputs.ts';
import type { StoringQueue } from './storing-queue.ts';
import { claimNow, takeRun } from './taken-run.ts';

interface Hit {
  readonly found: Found;
  readonly inputs: EvaluatedInputs;
}

/** A compile that is to be cached, and how. */
type Compile = Omit<CompileTicket, 'keys'>;
/** One that is not, and as much as is known of it. */
type Refusal = Uncached & { readonly identity?: CompileIdentity; readonly text?: string };

export class CompileFront {
  readonly #results: Results;
  readonly #manifests: Manifests;
  readonly #states: FileStates;
  readonly #events: CompileEvents;
  readonly #repeats: Repeats | undefined;
  readonly #running: RunningOutputs;
  readonly #proof: FolderProof;
  readonly #prefixMaps: PrefixMaps;
  readonly #settings: ReadSettings;
  readonly #cpu: () => string;
  readonly #remote: RemoteRuns;
  readonly #storing: StoringQueue;
  readonly #peerDeadline: () => { signal: AbortSignal; dispose(): void };

  constructor(parts: {
    results: Results;
    manifests: Manifests;
    states: FileStates;
    events: CompileEvents;
    /** Describes the processor as far as -march=native sees it. */
    cpu: () => string;
    processes: ProcessRunner;
    /** Where left out, the environment alone is asked. */
    settings?: ReadSettings;
    remote?: RemoteRuns;
    storing: StoringQueue;
    /** Where left out, every command is asked for. */
    repeats?: Repeats;
    /** Bounds all that one compile waits for teammates. */
    peerDeadline: () => { signal: AbortSignal; dispose(): void };
  }) {
    this.#results = parts.results;
    this.#manifests = parts.manifests;
    this.#states = parts.states;
    this.#events = parts.events;
    this.#cpu = parts.cpu;
    this.#remote = parts.remote ?? noRemoteRuns;
    this.#storing = parts.storing;
    this.#repeats = parts.repeats;
    this.#running = new RunningOutputs(() => this.#repeats?.hear());
    this.#repeats?.onRestores(path => this.#running.meet(path));
    this.#proof = new FolderProof(parts.processes, () => parts.events.unproven());
    this.#prefixMaps = new PrefixMaps(parts.processes);
    this.#settings = parts.settings ?? environmentSettings;
    this.#peerDeadline = parts.peerDeadline;
  }

  /** Answers a launcher: a result, or how to run the command. Never rejects for anything about the command. */
  async begin(request: CompileRequest): Promise<CompileReply> {
    this.#repeats?.hear(); // a launcher may ask because the others have told more than can wait
    const looked = await this.look(request);
    if ('uncached' in looked) {
      this.#events.uncached(looked.uncached, { ...looked, request });
      return { kind: 'run-plain' };
    }
    const { hit, ...ticket } = looked;
    if (hit === undefined) return this.#run(ticket);
    const { found, inputs } = hit;
    return this.#reply(found, ticket, () => {
      this.#events.hit(found, { ...ticket, inputs });
      this.#repeats?.expect(ticket, { ...inputs, action: found.record.action }, found);
    });
  }

  /** What there is for a request now, here and at teammates; nothing is counted. */
  async look(
    request: CompileRequest,
  ): Promise<(CompileTicket & { readonly hit: Hit | undefined }) | Refusal> {
    const compile = await this.#identify(request);
    if ('uncached' in compile) return compile;
    const keys = familyRules[compile.identity.family].keysOf(compile.identity);
    await this.#storing.settle(widest(keys));
    const hit = mayRead(compile.settings.mode) ? await this.#findAnywhere(keys, compile) : undefined;
    return { ...compile, keys, hit };
  }

  /** What a request asks for and how it is to be cached, or why it is not. */
  async #identify(request: CompileRequest): Promise<Compile | Refusal> {
    const identity = identifyCompile(request, this.#states, this.#cpu);
    if ('uncached' in identity) return identity;
    const { folder, command } = identity;
    const settings = this.#settings(request, folder, absolutePath(command.source, folder));
    if (settings.problem !== undefined) {
      return { uncached: settings.problem.reason, text: settings.problem.text, identity };
    }
    if (settings.mode === 'off') return { uncached: 'mode-off', identity };
    const mapped = settings.prefixMaps ? await this.#prefixMaps.applyTo(identity, request) : identity;
    return { request, identity: mapped, settings };
  }

  /** Elsewhere if the farm takes it, else here. */
  #run(ticket: CompileTicket): CompileReply {
    const abort = new AbortController();
    const remote = mayWrite(ticket.settings.mode) ? this.#remote.begin(ticket, abort.signal) : undefined;
    if (remote === undefined) return this.#runHere(ticket);
    const reply = remote.then(run => {
      if (!('found' in run)) return this.#runHere(ticket, { ...run, abort });
      run.keep();
      return this.#takeRemote(ticket, run);
    });
    return { kind: 'wait', reply, cancel: () => abort.abort(new Error('the launcher is gone')) };
  }

  #runHere(ticket: CompileTicket, remote?: RunHere & { readonly abort: AbortController }): CompileRun {
    const { family, added } = ticket.identity;
    const ended = [this.#remote.runsHere(ticket), this.#storing.runs(familyRules[family].isParallel)];
    const running = this.#running.begin(familyRules[family].mainOutput(ticket.identity), ticket.keys.bound);
    const own = { ...ticket, running };
    const rival = remote?.rival?.then(run => run && this.#takeRemote(own, run, run.keep));
    return {
      kind: 'run-observed',
      added,
      ticket: own,
      ...(rival === undefined ? {} : { rival }),
      ended: isWhole => {
        running.end();
        for (const end of ended) end(isWhole);
        remote?.abort.abort(new Error('it is done here'));
      },
    };
  }

  /** What a worker made; `keep` where that is called only once the launcher has taken it. */
  #takeRemote(ticket: CompileTicket, { found, inputs }: RemoteRun, keep?: () => void): CompileResult {
    return this.#reply(found, ticket, () => {
      keep?.();
      this.#events.miss({ ...ticket, inputs }, { isKept: true, isBound: false });
      this.#repeats?.expect(ticket, inputs, found);
    });
  }

  /**
   * Takes in what a run did. What it left is read before this returns, so the launcher can be let go at once; the function
   * that is returned sees to the rest.
   */
  finish(ticket: CompileTicket, report: CompileReport): () => void {
    const taken = takeRun(ticket, report);
    if ('uncached' in taken) return () => this.#events.uncached(taken.uncached, ticket);
    if (!mayWrite(ticket.settings.mode)) {
      return () => this.#events.miss(ticket, { isKept: false, isBound: false });
    }
    const claim = () => claimNow(ticket, taken, report.startedAtMs, this.#states);
    return () => {
      const early = familyRules[ticket.identity.family].isClaimedAtOnce ? { claim: claim() } : undefined;
      this.#storing.add({
        key: widest(ticket.keys),
        bytes: taken.bytes,
        isUrgent: early === undefined,
        store: () => this.#keep(ticket, report.durationMs, early === undefined ? claim() : early.claim),
      });
    };
  }

  async #findAnywhere(keys: CompileKeys, compile: Compile): Promise<Hit | undefined> {
    const here = await this.#find(keys, compile);
    if (here !== undefined) return here;
    const { signal, dispose } = this.#peerDeadline();
    try {
      return await this.#find(keys, compile, signal);
    } finally {
      dispose();
    }
  }

  /** On this machine; at teammates where a signal is given that ends the search. */
  async #find(
    keys: CompileKeys,
    { request, identity }: Compile,
    peers?: AbortSignal,
  ): Promise<Hit | undefined> {
    for (const key of keysInOrder(keys)) {
      const seen = new Set<Digest>();
      for (const set of await this.#manifests.setsOf(key, peers)) {
        const there = findInputs(set, identity.folder, identity.environment, this.#states);
        const inputs = there && underKey(key, there);
        if (inputs === undefined || seen.has(inputs.action)) continue;
        const { action } = inputs;
        seen.add(action);
        const results = await (peers
          ? this.#results.findAtPeers(action, peers)
          : this.#results.findHere(action));
        const found = results.find(each => this.#writesOnlyItsOwn(each, identity));
        if (found === undefined) continue;
        if (key === keys.unproven && !(await this.#proof.isFolderFree(action, request, identity))) continue;
        return { found, inputs };
      }
    }
    return undefined;
  }

  /** A record that names other files than the command's own is refused, whoever signed it. */
  #writesOnlyItsOwn({ record }: Found, { family, command, folder }: CompileIdentity): boolean {
    const { isExpectedOutput } = familyRules[family];
    const isFine = record.result.outputFiles.every(file =>
      isExpectedOutput(fromPortable(file.path, folder), command, folder.cwd),
    );
    if (!isFine) this.#events.refused('output-path');
    return isFine;
  }

  async #keep(ticket: CompileTicket, durationMs: number, claim: PendingClaim | undefined): Promise<void> {
    if (claim === undefined) return this.#events.uncached('input-changed', ticket);
    const { inputs, actions, result, blobs, isBound, needsProof = false } = claim.complete();
    const kept = actions.flatMap(({ key, action }) => [
      this.#results.keep({ kind: 'result', action, result, blobs, origin: 'local', durationMs }),
      this.#manifests.keep(key, inputs.set),
    ]);
    this.#repeats?.expect(ticket, inputs, { record: { result, durationMs }, blobs });
    this.#events.miss({ ...ticket, inputs }, { isKept: true, isBound, needsProof });
    await Promise.all(kept);
  }

  #reply(
    found: Found,
    { identity: { folder }, running }: { identity: { folder: ProjectFolder }; running?: RunningOutput },
    taken: () => void,
  ): CompileResult {
    const restored = restoreResult(found, folder);
    for (const { path } of restored.outputs) this.#running.meet(absolutePath(path, folder), running);
    return { kind: 'result', ...restored, taken };
  }
}

/** What every folder asks for a command under, if any other does. */
function widest(keys: CompileKeys): Digest {
  return keysInOrder(keys)[0]!;
}
