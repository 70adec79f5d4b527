// Procedural macros are libraries that run inside of rustc. One that takes the whole environment (std::env::vars, or a command
// that it starts) sees what no observer notes, and would see another machine's at a worker: what uses it is compiled at home.
// The client looks before it sends a crate, and the worker at what the run loaded, so that no client has it sign what variables
// that nobody noted made of a crate.
import type { FileStates } from '../compile/file-states.ts';
import { absolutePath } from '../compile/input-manifest.ts';
import { type ProjectFolder, toPortable } from '../compile/project-folder.ts';
import { toolchainToken } from '../compile/rust/rust-folder.ts';
import type { Digest } from '../digest.ts';

/** How C's library calls the environment as a whole: the end of a name that is asked of it. */
const wholeEnvironment = Buffer.from('environ\0');
/** Rust's own library as one of its own: then a macro's file does not show what it asks of C's. */
const sharedStd = /libstd-[0-9a-f]+\.so\0/;
const rememberedMax = 10_000;

/** What is asked of the files: of this machine's, or of those that a client told of. */
type Files = Pick<FileStates, 'stateOf' | 'bytesAt'>;

export class MacroLibraries {
  /** By content: whether the library may read the environment other than variable by variable. */
  readonly #known = new Map<Digest, boolean>();

  /** The named reason why a crate that reads these paths is not for others, or undefined. rustc's own libraries are no macros. */
  obstacleIn(paths: Iterable<string>, folder: ProjectFolder, files: Files): string | undefined {
    for (const path of paths) {
      if (!path.endsWith('.so') || toPortable(path, folder).startsWith(toolchainToken)) continue;
      if (this.#readsEnvironment(absolutePath(path, folder), files)) return 'macro-environment';
    }
    return undefined;
  }

  #readsEnvironment(path: string, files: Files): boolean {
    const state = files.stateOf(path);
    if (state === 'missing' || state === 'folder') return false;
    if (state === 'other') return true;
    let reads = this.#known.get(state);
    if (reads === undefined) {
      const bytes = files.bytesAt(path);
      reads =
        bytes === undefined || bytes.includes(wholeEnvironment) || sharedStd.test(bytes.toString('latin1'));
      if (this.#known.size >= rememberedMax) this.#known.clear();
      this.#known.set(state, reads);
    }
    return reads;
  }
}
