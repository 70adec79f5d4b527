// Procedural macros are libraries that run inside of rustc. One that takes the whole environment (std::env::vars, or a command
// that it starts) sees what no observer notes, and would see another machine's at a worker: what uses it is compiled at home.
import type { FileStates } from '../compile/file-states.ts';
import type { Digest } from '../digest.ts';

/** How C's library calls the environment as a whole: the end of a name that is asked of it. */
const wholeEnvironment = Buffer.from('environ\0');
/** Rust's own library as one of its own: then a macro's file does not show what it asks of C's. */
const sharedStd = /libstd-[0-9a-f]+\.so\0/;
const rememberedMax = 10_000;

export class MacroLibraries {
  readonly #states: Pick<FileStates, 'stateOf' | 'bytesAt'>;
  readonly #known = new Map<Digest, boolean>();

  constructor(states: Pick<FileStates, 'stateOf' | 'bytesAt'>) {
    this.#states = states;
  }

  /** Whether the file is a library that may read the environment other than variable by variable. */
  readsEnvironment(path: string): boolean {
    if (!path.endsWith('.so')) return false;
    const state = this.#states.stateOf(path);
    if (state === 'missing' || state === 'folder') return false;
    if (state === 'other') return true;
    let reads = this.#known.get(state);
    if (reads === undefined) {
      const bytes = this.#states.bytesAt(path);
      reads =
        bytes === undefined || bytes.includes(wholeEnvironment) || sharedStd.test(bytes.toString('latin1'));
      if (this.#known.size >= rememberedMax) this.#known.clear();
      this.#known.set(state, reads);
    }
    return reads;
  }
}
