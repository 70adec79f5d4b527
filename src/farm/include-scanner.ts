// Guesses which files a compile will read, without preprocessing: follows #include lines through the search path. A guess
// need not be right: what a worker then lacks shows in what its run looked for in vain. So conditions are not evaluated, and
// includes that are macros are not followed.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type FileStates, isContent } from '../compile/file-states.ts';
import type { Digest } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';

export interface SearchPath {
  /** Folders for "quoted" names, after the including file's own. */
  readonly quoted: readonly string[];
  /** Folders for all names. */
  readonly all: readonly string[];
  /** Files that are included without being named in the source. */
  readonly forced: readonly string[];
}

interface Include {
  readonly name: string;
  readonly isQuoted: boolean;
  /** Looked for further along the path than the includer: every file of that name may be meant. */
  readonly isNext: boolean;
}

const directive = /^[ \t]*#[ \t]*(include|include_next|import)[ \t]*(["<])([^">\n]+)[">]/gm;
const question = /__has_include(_next)?[ \t]*\([ \t]*(["<])([^">\n]+)[">]/g;
/** Included by gcc and clang before anything else. */
const implicit = 'stdc-predef.h';
const filesMax = 20_000;
const rememberedMax = 50_000;
const searchPathsMax = 32;
/** A file that was not there may have been made meanwhile: a guess without it costs another attempt. */
const absentForMs = 30_000;
/** What includes lead to is found anew after this: a header may have been made where another was found. */
const followedForMs = 10_000;

/** The search path of these arguments, with the compiler's own folders at its end. */
export function searchPathOf(args: readonly string[], cwd: string, system: readonly string[]): SearchPath {
  const chains: Record<string, string[]> = { '-iquote': [], '-I': [], '-isystem': [], '-idirafter': [] };
  const forced: string[] = [];
  for (const [i, argument] of args.entries()) {
    const [, option = '', joined = ''] =
      /^(-iquote|-isystem|-idirafter|-I|-include|-imacros)(.*)$/s.exec(argument) ?? [];
    const value = joined === '' ? args[i + 1] : joined;
    if (option === '' || value === undefined) continue;
    const path = resolve(cwd, value);
    if (option === '-include' || option === '-imacros') forced.push(path);
    else chains[option]!.push(path);
  }
  const { '-iquote': quoted, '-I': named, '-isystem': systemNamed, '-idirafter': after } = chains;
  return { quoted: quoted!, all: [...named!, ...systemNamed!, ...system, ...after!], forced };
}

/** What includes lead to along one search path, for a while: a build's compiles include the same headers over and over. */
interface Followed {
  readonly sinceMs: number;
  readonly byName: Map<string, readonly string[]>;
  readonly byFile: Map<string, { readonly digest: Digest; readonly next: readonly string[] }>;
}

export class IncludeScanner {
  readonly #states: FileStates;
  readonly #clock: Clock;
  readonly #includes = new Map<Digest, readonly Include[]>();
  readonly #present = new Set<string>();
  readonly #absent = new Map<string, number>();
  readonly #followed = new Map<string, Followed>();

  constructor(states: FileStates, clock: Clock) {
    this.#states = states;
    this.#clock = clock;
  }

  /** Files that a compile of `source` (absolute) may read, itself included. */
  filesOf(source: string, search: SearchPath): Set<string> {
    const followed = this.#followedAlong(search);
    const files = new Set<string>();
    const pending = [source, ...search.forced];
    pending.push(...this.#firstNamed(implicit, search.all));
    while (pending.length > 0 && files.size < filesMax) {
      const file = pending.pop()!;
      if (files.has(file)) continue;
      files.add(file);
      pending.push(...this.#includedBy(file, search, followed));
    }
    return files;
  }

  #followedAlong({ quoted, all }: SearchPath): Followed {
    const key = [...quoted, '', ...all].join('\0');
    const known = this.#followed.get(key);
    const nowMs = this.#clock.nowMs();
    if (known !== undefined && nowMs - known.sinceMs < followedForMs) return known;
    if (this.#followed.size >= searchPathsMax) this.#followed.clear();
    const followed = { sinceMs: nowMs, byName: new Map(), byFile: new Map() };
    this.#followed.set(key, followed);
    return followed;
  }

  #includedBy(file: string, search: SearchPath, { byName, byFile }: Followed): readonly string[] {
    const digest = this.#states.lately(file);
    if (!isContent(digest)) {
      this.#present.delete(file);
      byName.clear(); // it led to a file that is gone
      byFile.clear();
      return [];
    }
    const known = byFile.get(file);
    if (known?.digest === digest) return known.next;
    const next = this.#includesOf(file, digest).flatMap(include =>
      this.#resolve(include, file, search, byName),
    );
    byFile.set(file, { digest, next });
    return next;
  }

  #resolve(
    { name, isQuoted, isNext }: Include,
    file: string,
    search: SearchPath,
    found: Map<string, readonly string[]>,
  ): readonly string[] {
    if (name.startsWith('/')) return this.#exists(name) ? [name] : [];
    if (isQuoted) {
      const beside = `${dirname(file)}/${name}`;
      if (this.#exists(beside)) return [beside];
    }
    const key = `${isNext ? 'n' : isQuoted ? 'q' : 'a'}${name}`;
    let paths = found.get(key);
    if (paths === undefined) {
      const folders = isQuoted ? [...search.quoted, ...search.all] : search.all;
      paths = isNext ? this.#allNamed(name, folders) : this.#firstNamed(name, folders);
      found.set(key, paths);
    }
    return paths;
  }

  #allNamed(name: string, folders: readonly string[]): string[] {
    return folders.map(folder => `${folder}/${name}`).filter(path => this.#exists(path));
  }

  #firstNamed(name: string, folders: readonly string[]): string[] {
    const folder = folders.find(each => this.#exists(`${each}/${name}`));
    return folder === undefined ? [] : [`${folder}/${name}`];
  }

  #exists(path: string): boolean {
    if (this.#present.has(path)) return true;
    const now = this.#clock.nowMs();
    const absentSince = this.#absent.get(path);
    if (absentSince !== undefined && now - absentSince < absentForMs) return false;
    const isThere = this.#states.kindOf(path) === 'file';
    if (this.#present.size + this.#absent.size >= 10 * rememberedMax) {
      this.#present.clear();
      this.#absent.clear();
    }
    if (isThere) this.#present.add(path);
    else this.#absent.set(path, now);
    return isThere;
  }

  #includesOf(file: string, digest: Digest): readonly Include[] {
    let includes = this.#includes.get(digest);
    if (includes === undefined) {
      includes = scan(file);
      if (this.#includes.size >= rememberedMax) this.#includes.clear();
      this.#includes.set(digest, includes);
    }
    return includes;
  }
}

function scan(file: string): Include[] {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return [];
  }
  const includes: Include[] = [];
  for (const [, word, quote, name] of text.matchAll(directive))
    includes.push({ name: name!, isQuoted: quote === '"', isNext: word === 'include_next' });
  for (const [, next, quote, name] of text.matchAll(question))
    includes.push({ name: name!, isQuoted: quote === '"', isNext: next !== undefined });
  return includes;
}
