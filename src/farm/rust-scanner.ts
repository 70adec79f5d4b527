// Guesses what a Rust crate will read and ask for, without compiling it: follows `mod` and `include!` through its sources, and
// finds the crates that its own ones stand on by the hashes in their metadata. A guess need not be right: what a worker then
// lacks shows in what its run looked for in vain. So conditions are not evaluated, and macros are not expanded.
import { readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CompileRequest } from '../compile/compile-request.ts';
import { type FileStates, isContent } from '../compile/file-states.ts';
import type { ProjectFolder } from '../compile/project-folder.ts';
import type { RustCommand } from '../compile/rust/rust-command.ts';
import type { Digest } from '../digest.ts';

export interface RustGuess {
  readonly files: ReadonlySet<string>;
  /** Variables that macros ask for by name. */
  readonly variables: ReadonlySet<string>;
}

/** What one source names. */
interface Named {
  readonly modules: readonly string[];
  /** Modules that are blocks in it: those in them are in a folder of their name. */
  readonly blocks: readonly string[];
  /** Relative to the source's folder. */
  readonly paths: readonly string[];
  /** Below OUT_DIR, with the slash. */
  readonly generated: readonly string[];
  readonly variables: readonly string[];
}

const moduleNames = /\bmod\s+(?:r#)?(\w+)\s*;/g;
const moduleBlocks = /\bmod\s+(?:r#)?(\w+)\s*\{/g;
const modulePaths = /\bpath\s*=\s*"([^"\n]+)"/g;
const includes = /\binclude(?:_str|_bytes)?!\s*[([{]\s*"([^"\n]+)"/g;
const generatedFiles = /\bconcat!\s*[([{]\s*env!\s*[([{]\s*"OUT_DIR"\s*[)\]}]\s*,\s*"([^"\n]+)"/g;
const variableNames = /\b(?:option_)?env!\s*[([{]\s*"([^"\n]+)"/g;
/** What cargo ends the names of a crate's files with. */
const crateHash = /-[0-9a-f]{16}/g;
const crateFile = /^lib.+(-[0-9a-f]{16})\.(rmeta|rlib|so)$/;
const filesMax = 20_000;
const placesMax = 64;
const rememberedMax = 20_000;

export class RustScanner {
  readonly #states: FileStates;
  readonly #named = new Map<Digest, Named>();
  readonly #hashes = new Map<Digest, ReadonlySet<string>>();

  constructor(states: FileStates) {
    this.#states = states;
  }

  /** `also`: sources that are known to be read. */
  of(
    request: Pick<CompileRequest, 'environment'>,
    command: RustCommand,
    { cwd }: ProjectFolder,
    also: Iterable<string> = [],
  ): RustGuess {
    const files = new Set<string>();
    const variables = new Set<string>();
    const outDir = request.environment('OUT_DIR');
    const root = resolve(cwd, command.source);
    const pending = [root, ...also];
    while (pending.length > 0 && files.size < filesMax) {
      const file = pending.pop()!;
      if (files.has(file) || this.#states.kindOf(file) !== 'file') continue;
      files.add(file);
      if (!file.endsWith('.rs')) continue;
      const named = this.#namedIn(file);
      for (const name of named.variables) variables.add(name);
      const folder = dirname(file);
      // what a macro declares is a module of whoever calls it: of the crate's root, as a rule
      const places = [file.slice(0, -'.rs'.length), folder, dirname(root)];
      for (const place of this.#withBlocks(new Set(places), named.blocks)) {
        for (const name of named.modules) pending.push(`${place}/${name}.rs`, `${place}/${name}/mod.rs`);
        for (const path of named.paths) pending.push(resolve(place, path));
      }
      if (outDir) for (const path of named.generated) pending.push(resolve(cwd, outDir + path));
    }
    for (const file of this.#cratesOf(command, cwd)) files.add(file);
    return { files, variables };
  }

  /** These folders, and those below them that are called like blocks. */
  #withBlocks(folders: Set<string>, blocks: readonly string[]): ReadonlySet<string> {
    for (const folder of folders) {
      // a set that grows while it is walked is walked to its end
      for (const name of blocks) {
        const below = `${folder}/${name}`;
        if (folders.size < placesMax && this.#states.kindOf(below) === 'folder') folders.add(below);
      }
    }
    return folders;
  }

  /** The crates that are given to this one, and those that they stand on. */
  #cratesOf({ rust: { externs, searchFolders } }: RustCommand, cwd: string): string[] {
    const given = externs.map(path => resolve(cwd, path));
    const hashes = new Set(given.flatMap(path => [...this.#hashesIn(path)]));
    const dependencies = searchFolders.filter(({ kind }) => kind === 'dependency' || kind === 'all');
    const beside = dependencies.flatMap(({ path }) => cratesIn(resolve(cwd, path), hashes));
    return [...given, ...beside];
  }

  #namedIn(file: string): Named {
    return this.#remembered(this.#named, file, nothingNamed, scan);
  }

  #hashesIn(file: string): ReadonlySet<string> {
    if (file.endsWith('.so')) return noHashes; // whole by itself
    return this.#remembered(this.#hashes, file, noHashes, text => new Set(text.match(crateHash)));
  }

  /** What `look` finds in this file, by its content. */
  #remembered<Value>(
    known: Map<Digest, Value>,
    file: string,
    otherwise: Value,
    look: (text: string) => Value,
  ): Value {
    const state = this.#states.stateOf(file);
    if (!isContent(state)) return otherwise;
    let value = known.get(state);
    if (value === undefined) {
      const text = this.#states.bytesAt(file)?.toString('latin1');
      if (text === undefined) return otherwise;
      value = look(text);
      if (known.size >= rememberedMax) known.clear();
      known.set(state, value);
    }
    return value;
  }
}

const nothingNamed: Named = { modules: [], blocks: [], paths: [], generated: [], variables: [] };
const noHashes: ReadonlySet<string> = new Set();

function scan(text: string): Named {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!);
  return {
    modules: all(moduleNames),
    blocks: all(moduleBlocks),
    paths: [...all(modulePaths), ...all(includes)],
    generated: all(generatedFiles),
    variables: all(variableNames),
  };
}

/** One file of each crate in the folder whose hash is among these: its metadata where that lies apart. */
function cratesIn(folder: string, hashes: ReadonlySet<string>): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const all = new Set(names);
  return names
    .filter(name => hashes.has(crateFile.exec(name)?.[1] ?? ''))
    .filter(name => !name.endsWith('.rlib') || !all.has(name.replace(/rlib$/, 'rmeta')))
    .map(name => `${folder}/${name}`);
}
