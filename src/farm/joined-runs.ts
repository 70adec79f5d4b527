// Two clients that want the same compile at the same moment have it run once: whoever comes second waits for the first run,
// and takes its end if its own files make of the inputs that were seen the very same actions. Otherwise it runs itself. What
// runs is told in the worker's offers, so that clients bring the same compile here and not to another worker.
import { type CompileIdentity, type CompileKeys, keysInOrder } from '../compile/compile-key.ts';
import { findInputs, underKey, type WorldStates } from '../compile/input-manifest.ts';
import type { Digest } from '../digest.ts';
import { lendingSlotsMax } from '../limits.ts';
import { type CompileName, compileName } from '../protocol/farm.ts';
import type { JobRunEnd } from './job-run.ts';

export class JoinedRuns {
  readonly #running = new Map<Digest, Promise<JobRunEnd | undefined>>();
  readonly #onRun: () => void;

  /** `onRun` is called when one begins. */
  constructor(onRun: () => void = () => {}) {
    this.#onRun = onRun;
  }

  /** What runs now. */
  names(): CompileName[] {
    return [...new Set([...this.#running.keys()].map(compileName))].slice(0, lendingSlotsMax);
  }

  /** The end of the same compile that runs for another; undefined where none does, or with other inputs. Rejects with the signal's reason. */
  async join(
    identity: CompileIdentity,
    keys: CompileKeys,
    tree: WorldStates,
    signal: AbortSignal,
  ): Promise<JobRunEnd | undefined> {
    const other = this.#same(keys);
    return other && joinedEnd(await unlessAborted(other, signal), identity, keys, tree);
  }

  /** The end of the same compile that runs for another, or of `run`. Rejects as `run` does, or with the signal's reason. */
  async run(
    identity: CompileIdentity,
    keys: CompileKeys,
    tree: WorldStates,
    run: () => Promise<JobRunEnd>,
    signal: AbortSignal,
  ): Promise<JobRunEnd> {
    // Nothing may come between the look and the entry: of two that come together one must find the other.
    if (this.#same(keys) !== undefined) {
      const joined = await this.join(identity, keys, tree, signal);
      if (joined !== undefined) return joined;
    }
    const names = namesOf(keys);
    const running = run();
    const settled = running.catch(() => undefined);
    for (const name of names) this.#running.set(name, settled);
    this.#onRun();
    try {
      return await running;
    } finally {
      for (const name of names) if (this.#running.get(name) === settled) this.#running.delete(name);
    }
  }

  #same(keys: CompileKeys): Promise<JobRunEnd | undefined> | undefined {
    const [shared, bound] = namesOf(keys).map(name => this.#running.get(name));
    return shared ?? bound;
  }
}

function namesOf({ shared, bound }: CompileKeys): Digest[] {
  return [shared, bound];
}

/** What another client's run means for this one; undefined where its inputs were others. */
function joinedEnd(
  end: JobRunEnd | undefined,
  { folder, environment }: CompileIdentity,
  keys: CompileKeys,
  tree: WorldStates,
): JobRunEnd | undefined {
  if (end?.kind !== 'done') return undefined;
  const { claim } = end;
  const there = findInputs(claim.inputs.set, folder, environment, tree);
  if (there === undefined) return undefined;
  const own = keysInOrder(keys);
  const taken = claim.actions.flatMap(({ key, action }) => {
    const inputs = underKey(key, there);
    return own.includes(key) && inputs.action === action ? [{ key, action, inputs }] : [];
  });
  const first = taken.find(({ key }) => key !== keys.unproven);
  if (first === undefined) return undefined;
  const actions = taken.map(({ key, action }) => ({ key, action }));
  return { ...end, claim: { ...claim, inputs: first.inputs, actions }, isJoined: true };
}

/** Rejects with the signal's reason as soon as it is aborted. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
