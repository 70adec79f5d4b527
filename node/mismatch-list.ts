// Results that came out different when they were made again: kept as evidence, over restarts. Where the difference cannot be an
// accident of the compile itself, the record does not count on this machine any more.
import type { SignedRecord } from '../src/actions/signed-record.ts';
import type { Mismatch } from '../src/control-cache.ts';
import { mismatchesMax } from '../src/limits.ts';
import { readKept, writeKept } from './system/kept-file.ts';

export class MismatchList {
  readonly #file: string;
  #mismatches: readonly Mismatch[];
  /** Whether the record does not count here: a teammate's for good, this machine's own until it is made anew. */
  readonly isDisputed = ({ action, signer, createdAtMs }: SignedRecord): boolean =>
    this.#mismatches.some(({ isDisputed, action: of, recorded, again }) => {
      if (!isDisputed || of !== action || recorded.key !== signer) return false;
      return again.key !== signer || createdAtMs <= recorded.atMs;
    });

  private constructor(file: string, mismatches: readonly Mismatch[]) {
    this.#file = file;
    this.#mismatches = mismatches;
  }

  static async open(file: string): Promise<MismatchList> {
    const kept = await readKept(file);
    const isSound = (each: unknown): each is Mismatch =>
      typeof (each as Mismatch | null)?.action === 'string' &&
      typeof (each as Mismatch).recorded?.key === 'string';
    return new MismatchList(file, Array.isArray(kept) ? kept.filter(isSound) : []);
  }

  /** The latest first. */
  list(): readonly Mismatch[] {
    return this.#mismatches;
  }

  async add(mismatch: Mismatch): Promise<void> {
    const isOther = ({ action, recorded }: Mismatch) =>
      action !== mismatch.action || recorded.key !== mismatch.recorded.key;
    this.#mismatches = [mismatch, ...this.#mismatches.filter(isOther)].slice(0, mismatchesMax);
    await writeKept(this.#file, this.#mismatches);
  }
}
