// Which outputs are being made now. Where two compiles write one file at the same time, what each finds there at its end may be
// the other's: neither is kept.
import type { Digest } from '../digest.ts';

export interface RunningOutput {
  /** Whether nothing else wrote there meanwhile, as far as it went through here. */
  isAlone(): boolean;
  end(): void;
}

export class RunningOutputs {
  readonly #hear: () => void;
  readonly #byPath = new Map<string, Set<{ readonly key: Digest; isAlone: boolean }>>();

  /** `hear`: has everything that was written until now be noted. */
  constructor(hear: () => void = () => {}) {
    this.#hear = hear;
  }

  /** Notes a compile that starts to make the file at this absolute path; one with the same key makes the same. */
  begin(path: string | undefined, key: Digest): RunningOutput {
    if (path === undefined) return { isAlone: () => true, end: () => {} };
    this.#hear(); // what was written before is no matter
    const all = this.#byPath.get(path) ?? new Set();
    const own = { key, isAlone: [...all].every(other => other.key === key) };
    if (!own.isAlone) this.meet(path);
    this.#byPath.set(path, all.add(own));
    return {
      isAlone: () => {
        this.#hear();
        return own.isAlone;
      },
      end: () => {
        all.delete(own);
        if (all.size === 0 && this.#byPath.get(path) === all) this.#byPath.delete(path);
      },
    };
  }

  /** Notes that the file is written by other means: a result is restored. */
  meet(path: string): void {
    for (const other of this.#byPath.get(path) ?? []) other.isAlone = false;
  }
}
