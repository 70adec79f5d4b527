// Which outputs are being made now. Where two compiles write one file at the same time, what each finds there at its end may be
// the other's: neither is kept.

export interface RunningOutput {
  /** Whether nothing else wrote there meanwhile, as far as it went through here. */
  isAlone(): boolean;
  end(): void;
}

export class RunningOutputs {
  readonly #byPath = new Map<string, Set<{ isAlone: boolean }>>();

  /** Notes a compile that starts to make the file at this absolute path. */
  begin(path: string | undefined): RunningOutput {
    if (path === undefined) return { isAlone: () => true, end: () => {} };
    const all = this.#byPath.get(path) ?? new Set();
    const own = { isAlone: all.size === 0 };
    this.meet(path);
    this.#byPath.set(path, all.add(own));
    return {
      isAlone: () => own.isAlone,
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
