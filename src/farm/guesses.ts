// What a compile will probably read, and what a run elsewhere turned out to lack.
import { resolve } from 'node:path';
import { keysInOrder } from '../compile/compile-key.ts';
import type { CompileTicket } from '../compile/compile-request.ts';
import type { FileStates } from '../compile/file-states.ts';
import { absolutePath, decodeManifest } from '../compile/input-manifest.ts';
import type { Manifests } from '../compile/manifests.ts';
import type { Clock } from '../platform/clock.ts';
import { IncludeScanner, searchPathOf } from './include-scanner.ts';
import { outputFolders } from './job-command.ts';
import type { LocalTree } from './local-tree.ts';
import type { Toolchain } from './toolchain.ts';

export interface GuessesParts {
  readonly tree: LocalTree;
  readonly states: FileStates;
  readonly manifests: Manifests;
  readonly clock: Clock;
}

export class Guesses {
  readonly #parts: GuessesParts;
  readonly #scanner: IncludeScanner;

  constructor(parts: GuessesParts) {
    this.#parts = parts;
    this.#scanner = new IncludeScanner(parts.states, parts.clock);
  }

  /** What the compile will probably read: by earlier runs of the same command, else by its #include lines. */
  async of({ request, identity, keys }: CompileTicket, toolchain: Toolchain): Promise<Set<string>> {
    const { manifests } = this.#parts;
    const { folder, command } = identity;
    const source = resolve(folder.cwd, command.source);
    const guess = new Set([
      request.compiler,
      source,
      `${folder.cwd}/.`,
      ...outputFolders(identity).map(path => `${path}/.`),
    ]);
    for (const key of keysInOrder(keys)) {
      const [set] = await manifests.setsOf(key);
      if (set === undefined) continue;
      for (const path of [...set.reads, ...set.exists]) guess.add(absolutePath(path, folder));
      return guess;
    }
    const search = searchPathOf(command.arguments, folder.cwd, toolchain.headerFolders);
    for (const path of search.all) guess.add(`${path}/.`);
    for (const path of this.#scanner.filesOf(source, search)) guess.add(path);
    return guess;
  }

  /** What is here although the run looked for it in vain, what is in the folders that it listed, and what it read. */
  lacked(encoded: Uint8Array, { identity }: CompileTicket): string[] {
    const [set] = encoded.byteLength === 0 ? [] : decodeManifest(encoded);
    if (set === undefined) return [];
    const here = (path: string) => absolutePath(path, identity.folder);
    const lacked = set.missing.map(here).filter(path => this.#parts.states.exists(path));
    if (lacked.length > 0) this.#parts.tree.forget();
    const listed = set.listed.flatMap(path => this.#parts.tree.pathsIn(here(path)));
    return [...lacked, ...listed, ...set.reads.map(here)];
  }
}
