// The manifests known for a first key: decoded once, own and teammates' together, newest first.
import type { Found, Results } from '../actions/results.ts';
import { type Digest, digestOf, emptyDigest } from '../digest.ts';
import { manifestSetsMax } from '../limits.ts';
import { decodeManifest, encodeManifest, type InputSet, isSameSet } from './input-manifest.ts';

/** Decoded manifests kept, by blob; each is some tens of kilobytes. */
const decodedMax = 1_000;

export class Manifests {
  readonly #results: Results;
  readonly #decoded = new Map<Digest, InputSet[]>();
  /** This machine's own sets by key, newest first: what the next manifest of the key is made from. */
  readonly #own = new Map<Digest, readonly InputSet[]>();

  constructor(results: Results) {
    this.#results = results;
  }

  /** The sets known on this machine, or, with a signal, at teammates. */
  async setsOf(key: Digest, peers?: AbortSignal): Promise<readonly InputSet[]> {
    const found = await (peers ? this.#results.findAtPeers(key, peers) : this.#results.findHere(key));
    const sets = found.flatMap(each => this.#decode(each));
    if (peers !== undefined) return sets;
    // evicted, say: what is remembered of it must not keep it from being kept again
    if (sets.length === 0) this.#own.delete(key);
    else if (!this.#own.has(key)) this.#remember(key, sets);
    return sets;
  }

  /** The store was emptied. */
  clear(): void {
    this.#own.clear();
    this.#decoded.clear();
  }

  /** Signs and keeps the manifest that now begins with this set, unless it did already. */
  async keep(key: Digest, set: InputSet): Promise<void> {
    const sets = this.#withSet(key, set);
    if (sets === undefined) return;
    const bytes = encodeManifest(sets);
    this.#remember(key, decodeManifest(bytes)); // the paths of a set just observed hold on to the observer's whole log
    const digest = digestOf(bytes);
    await this.#results.keep({
      kind: 'manifest',
      action: key,
      result: {
        outputFiles: [{ path: 'manifest', digest, isExecutable: false }],
        stdout: emptyDigest,
        stderr: emptyDigest,
        exitCode: 0,
      },
      blobs: new Map([[digest, bytes]]),
      origin: 'local',
      durationMs: 0,
    });
  }

  /** All sets for the key with this one first; undefined where it is known as the first already. */
  #withSet(key: Digest, set: InputSet): readonly InputSet[] | undefined {
    const known = this.#own.get(key) ?? [];
    if (known[0] !== undefined && isSameSet(known[0], set)) return undefined;
    const sets = [set, ...known.filter(other => !isSameSet(other, set))].slice(0, manifestSetsMax);
    this.#remember(key, sets);
    return sets;
  }

  #remember(key: Digest, sets: readonly InputSet[]): void {
    if (this.#own.size >= decodedMax) this.#own.clear();
    this.#own.set(key, sets);
  }

  #decode({ record, blobs }: Found): InputSet[] {
    const digest = record.result.outputFiles[0]?.digest;
    const bytes = digest && blobs.get(digest);
    if (record.kind !== 'manifest' || digest === undefined || bytes === undefined) return [];
    let sets = this.#decoded.get(digest);
    if (sets === undefined) {
      sets = decodeManifest(bytes);
      if (this.#decoded.size >= decodedMax) this.#decoded.clear();
      this.#decoded.set(digest, sets);
    }
    return sets;
  }
}
