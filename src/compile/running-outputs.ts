// Which outputs are being made now. Where two compiles write one file at the same time, what each finds there at its end may be
// the other's: neither is kept.
import type { Digest } from '../digest.ts';

export interface RunningOutput {
  /** Whether nothing else wrote there meanwhile, as far as it went through here. */
  isAlone(): boolean;
  end(): void;
}

interface Running {
  readonly key: Digest;
  readonly output: RunningOutput;
  isAlone: boolean;
}

export class RunningOutputs {
  readonly #hear: () => void;
  readonly #byPath = new Map<string, Set<Running>>();

  /** `hear`: has everything that was written until now be noted. */
  constructor(hear: () => void = () => {}) {
    this.#hear = hear;
  }

  /** Notes a compile that starts to make the file at this absolute path; one with the same key makes the same. */
  begin(path: string | undefined, key: Digest): RunningOutput {
    if (path === undefined) return { isAlone: () => true, end: () => {} };
    this.#hear(); // what was written before is no matter
    const all = this.#byPath.get(path) ?? new Set();
    const output: RunningOutput = {
      isAlone: () => {
        this.#hear();
        return own.isAlone;
      },
      end: () => {
        all.delete(own);
        if (all.size === 0 && this.#byPath.get(path) === all) this.#byPath.delete(path);
      },
    };
    const own = { key, output, isAlone: [...all].every(other => other.key === key) };
    if (!own.isAlone) this.meet(path);
    this.#byPath.set(path, all.add(own));
    return output;
  }

  /** Notes that the file is written by other means: a result is restored, in the place of what `instead` would make. */
  meet(path: string, instead?: RunningOutput): void {
    for (const other of this.#byPath.get(path) ?? []) if (other.output !== instead) other.isAlone = false;
  }
}
