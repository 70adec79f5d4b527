// What a compile will probably read and ask for, and what a run elsewhere turned out to lack.
import { resolve } from 'node:path';
import { keysInOrder } from '../compile/compile-key.ts';
import type { CompileTicket } from '../compile/compile-request.ts';
import { type FileStates, isContent } from '../compile/file-states.ts';
import { absolutePath, decodeManifest, type InputSet } from '../compile/input-manifest.ts';
import type { Manifests } from '../compile/manifests.ts';
import type { RustCommand } from '../compile/rust/rust-command.ts';
import { digestSizeBytes } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';
import { IncludeScanner, searchPathOf } from './include-scanner.ts';
import { outputFolders } from './job-command.ts';
import type { LocalTree } from './local-tree.ts';
import { MacroLibraries } from './macro-libraries.ts';
import { isPrivate, mayBeAskedFor } from './rust-job.ts';
import { RustScanner } from './rust-scanner.ts';
import type { Toolchain } from './toolchain.ts';

export interface GuessesParts {
  readonly tree: LocalTree;
  readonly states: FileStates;
  readonly manifests: Manifests;
  readonly clock: Clock;
}

export interface Guess {
  /** Size of the source; 0 for crates, which cargo puts in order itself, and whose first file says little of them. */
  readonly sourceBytes: number;
  /** Absolute paths; with `/.` at its end, a folder. */
  readonly files: Set<string>;
  /** Variables to send beside those that always travel. */
  readonly variables: Set<string>;
}

export class Guesses {
  readonly #parts: GuessesParts;
  readonly #includes: IncludeScanner;
  readonly #rust: RustScanner;
  readonly #macros = new MacroLibraries();

  constructor(parts: GuessesParts) {
    this.#parts = parts;
    this.#includes = new IncludeScanner(parts.states, parts.clock);
    this.#rust = new RustScanner(parts.states);
  }

  /** What the compile will probably read: by earlier runs of the same command, else by what its sources say. */
  async of(ticket: CompileTicket, toolchain: Toolchain): Promise<Guess> {
    const { request, identity } = ticket;
    const { folder, command, family } = identity;
    const source = resolve(folder.cwd, command.source);
    const state = this.#parts.states.stateOf(source); // it may have been edited a moment ago: `lately` is not to miss that
    const files = new Set([
      request.compiler,
      source,
      `${folder.cwd}/.`,
      ...outputFolders(identity).map(path => `${path}/.`),
    ]);
    const sourceBytes = family !== 'rustc' && isContent(state) ? digestSizeBytes(state) : 0;
    const guess: Guess = { sourceBytes, files, variables: new Set() };
    const known = await this.#knownOf(ticket);
    for (const path of [...(known?.reads ?? []), ...(known?.exists ?? [])])
      files.add(absolutePath(path, folder));
    if (family === 'rustc') {
      // also where something is known: a crate in another version lies under another name
      this.#scan(ticket, guess, []);
      this.#ask(known?.environment ?? [], ticket, guess);
    } else if (known === undefined) {
      const search = searchPathOf(command.arguments, folder.cwd, toolchain.headerFolders);
      for (const path of search.all) files.add(`${path}/.`);
      for (const path of this.#includes.filesOf(source, search)) files.add(path);
    }
    return guess;
  }

  /** Adds what the run lacked; returns whether variables are among it. */
  learn(encoded: Uint8Array, ticket: CompileTicket, guess: Guess): boolean {
    const [set] = encoded.byteLength === 0 ? [] : decodeManifest(encoded);
    if (set === undefined) return false;
    const here = (path: string) => absolutePath(path, ticket.identity.folder);
    const lacked = set.missing.map(here).filter(path => this.#parts.states.exists(path));
    if (lacked.length > 0) this.#parts.tree.forget();
    const listed = set.listed.flatMap(path => this.#parts.tree.pathsIn(here(path)));
    for (const path of [...lacked, ...listed, ...set.reads.map(here)]) guess.files.add(path);
    if (ticket.identity.family !== 'rustc') return false;
    const known = guess.variables.size;
    this.#scan(ticket, guess, lacked);
    this.#ask(set.environment, ticket, guess);
    return guess.variables.size > known;
  }

  /** Why a compile of which this is known must not leave this machine; undefined where it may. */
  obstacleTo({ files, variables }: Guess, { request, identity }: CompileTicket): string | undefined {
    if (identity.family !== 'rustc') return undefined;
    if ([...variables].some(name => isPrivate(name, request.environment(name) ?? '')))
      return 'private-variable';
    return this.#macros.obstacleIn(files, identity.folder, this.#parts.states);
  }

  /** Adds what sources say, those `also` among them. */
  #scan(ticket: CompileTicket, guess: Guess, also: readonly string[]): void {
    const { request, identity } = ticket;
    const { files, variables } = this.#rust.of(
      request,
      identity.command as RustCommand,
      identity.folder,
      also,
    );
    for (const path of files) guess.files.add(path);
    this.#ask(variables, ticket, guess);
  }

  /** Adds those of these that are set here. */
  #ask(names: Iterable<string>, { request }: CompileTicket, { variables }: Guess): void {
    for (const name of names)
      if (mayBeAskedFor(name) && request.environment(name) !== undefined) variables.add(name);
  }

  async #knownOf({ keys }: CompileTicket): Promise<InputSet | undefined> {
    for (const key of keysInOrder(keys)) {
      const [set] = await this.#parts.manifests.setsOf(key);
      if (set !== undefined) return set;
    }
    return undefined;
  }
}
