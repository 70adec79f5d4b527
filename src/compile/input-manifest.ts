// Manifests: what compiles under one first key are known to depend on — sets of paths, without their contents. The contents
// that are there now turn a set into the action's digest, so a manifest can at worst lead to no action at all: the
// result's record is signed over a digest that covers every path of the set and its content.
import { type Digest, digestOf } from '../digest.ts';
import { decode, encode } from '../encoding.ts';
import { inputSetPathsMax, manifestSetsMax } from '../limits.ts';
import { type FileStates, isContent } from './file-states.ts';
import type { Observation } from './observation.ts';
import { fromPortable, type ProjectFolder, toPortable } from './project-folder.ts';
import { programFound, searchedProgram } from './searched-programs.ts';

/** Portable paths (see project-folder.ts), sorted, and names of environment variables and of searched programs. */
export interface InputSet {
  readonly reads: readonly string[];
  readonly missing: readonly string[];
  readonly exists: readonly string[];
  readonly listed: readonly string[];
  /** Paths that must lead to the same place. */
  readonly resolved: readonly string[];
  readonly environment: readonly string[];
  /** Some of `reads`: their time of change matters too. Left out where there are none. */
  readonly dated?: readonly string[];
}

/** An input set with what was there. */
export interface FoundInputs {
  readonly set: InputSet;
  /** The digests of `set.reads`, in that order. */
  readonly contents: readonly Digest[];
  /** Covers every path and variable of the set and what was found there. */
  readonly digest: Digest;
}

/** Found inputs under a compile's first key. */
export interface EvaluatedInputs {
  readonly set: InputSet;
  readonly contents: readonly Digest[];
  readonly action: Digest;
}

export type Environment = (name: string) => string | undefined;

/** What is at absolute paths: on this machine, or in what a teammate was given of another. */
export type WorldStates = Pick<
  FileStates,
  'stateOf' | 'kindOf' | 'isExecutable' | 'lacksAll' | 'listingOf' | 'identityOf' | 'realPathOf'
>;

/**
 * Variables that are asked for but decide nothing: where temporary files go, PATH (which programs are found along it is an input
 * of its own, searched-programs.ts), the terminal (the launcher settles colours), and what only the folder decides.
 */
const harmlessVariables =
  /^(PATH|TMPDIR|TMP|TEMP|TEMPDIR|HOME|PWD|TERM|XDG_.*|LD_.*|MAKEFLAGS|P2PCACHE_.*|MALLOC_.*|GLIBC_TUNABLES|SHELL|USER|LOGNAME)$/;

/** What a compiler asks for or lists without effect on what it writes. */
export interface Harmless {
  readonly variables: RegExp;
  readonly listings: ReadonlySet<string>;
}

export const harmlessToC: Harmless = {
  variables: harmlessVariables,
  /** Folders that clang lists in search of GPU toolkits. */
  listings: new Set(['/opt', '/usr/local']),
};

/** clang asks where temporary files go only when it is about to make one, and fails where it cannot; gcc goes elsewhere. */
export const harmlessToClang: Harmless = {
  ...harmlessToC,
  variables: new RegExp(`^(?!TE?MP)(?:${harmlessVariables.source})`),
};

export function inputSetOf(
  observed: Observation,
  folder: ProjectFolder,
  harmless: Harmless = harmlessToC,
): InputSet {
  const portable = (paths: Iterable<string>) =>
    [...new Set([...paths].map(path => toPortable(path, folder)))].sort();
  return {
    reads: portable(observed.reads),
    missing: portable(observed.missing),
    exists: portable(observed.exists),
    listed: portable([...observed.listed].filter(path => !harmless.listings.has(path))),
    resolved: portable(observed.resolved),
    environment: [...observed.environment].filter(name => !harmless.variables.test(name)).sort(),
    ...(observed.dated.size > 0 && { dated: portable(observed.dated) }),
  };
}

/** The action that inputs are under this key. */
export function underKey(key: Digest, { set, contents, digest }: FoundInputs): EvaluatedInputs {
  return { set, contents, action: digestOf(`${key}\0${digest}`) };
}

/**
 * What is now where this set says, or undefined where the set does not fit: a file is gone, or something that was looked for
 * in vain is there now.
 */
export function findInputs(
  set: InputSet,
  folder: ProjectFolder,
  environment: Environment,
  states: WorldStates,
): FoundInputs | undefined {
  const here = (path: string) => absolutePath(path, folder);
  const parts: string[] = [];
  const contents: Digest[] = [];
  for (const path of set.reads) {
    const state = states.stateOf(here(path));
    if (!isContent(state)) return undefined;
    parts.push(path, state);
    contents.push(state);
  }
  parts.push(...twinsOf(set.reads, contents, path => states.identityOf(here(path))));
  for (const [parent, names] of missingByFolder(set)) {
    if (!states.lacksAll(here(parent), names)) return undefined;
  }
  parts.push('missing', ...set.missing, 'exists');
  const folders = new Map<string, string>();
  for (const path of set.exists) {
    const state = states.kindOf(here(path));
    if (state === 'missing') return undefined;
    parts.push(path, state === 'file' && states.isExecutable(here(path)) ? 'program' : state);
    if (state === 'folder') parts.push(firstAlike(folders, states.identityOf(here(path))?.file, path));
  }
  for (const path of set.listed) {
    const listing = states.listingOf(here(path));
    if (listing === undefined) return undefined;
    parts.push('listed', path, listing);
  }
  for (const path of set.resolved) {
    const real = states.realPathOf(here(path));
    if (real === undefined) return undefined;
    parts.push('resolved', path, toPortable(real, folder));
  }
  for (const name of set.environment) {
    const program = searchedProgram(name);
    const value =
      program === undefined ? environment(name) : programFound(program, environment, folder, states);
    parts.push('environment', name, JSON.stringify(value ?? null));
  }
  for (const path of set.dated ?? [])
    parts.push('dated', path, `${states.identityOf(here(path))?.modifiedS}`);
  return { set, contents, digest: digestOf(parts.join('\0')) };
}

/**
 * How files of equal content are told apart: gcc takes two of them for one (#pragma once) where they have the same mtime, and
 * clang where they are the same file. By the first of them that is alike, so that it reads the same in any checkout.
 */
function twinsOf(
  paths: readonly string[],
  contents: readonly Digest[],
  identityOf: (path: string) => { readonly file: string; readonly modifiedS: number } | undefined,
): string[] {
  if (new Set(contents).size === contents.length) return [];
  const parts: string[] = [];
  const groups = new Map<Digest, string[]>();
  for (const [i, path] of paths.entries()) {
    const group = groups.get(contents[i]!);
    if (group === undefined) groups.set(contents[i]!, [path]);
    else group.push(path);
  }
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const files = new Map<string, string>();
    const times = new Map<string, string>();
    for (const path of group) {
      const identity = identityOf(path);
      parts.push('twin', path, firstAlike(files, identity?.file, path));
      parts.push(firstAlike(times, identity && `${identity.modifiedS}`, path));
    }
  }
  return parts;
}

/** The first path that was seen with this mark; the path itself where it is the first. */
function firstAlike(seen: Map<string, string>, mark: string | undefined, path: string): string {
  if (mark === undefined) return path;
  const first = seen.get(mark);
  if (first === undefined) seen.set(mark, path);
  return first ?? path;
}

const grouped = new WeakMap<InputSet, ReadonlyMap<string, readonly string[]>>();

/** The paths that must be missing, by their folder. */
export function missingByFolder(set: InputSet): ReadonlyMap<string, readonly string[]> {
  let groups = grouped.get(set);
  if (groups === undefined) {
    const made = new Map<string, string[]>();
    for (const path of set.missing) {
      const slash = path.lastIndexOf('/');
      const parent = slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash);
      const names = made.get(parent);
      if (names === undefined) made.set(parent, [path.slice(slash + 1)]);
      else names.push(path.slice(slash + 1));
    }
    groups = made;
    grouped.set(set, groups);
  }
  return groups;
}

export function absolutePath(path: string, folder: ProjectFolder): string {
  const spelled = fromPortable(path, folder);
  return spelled.startsWith('/') ? spelled : `${folder.cwd}/${spelled}`;
}

export function encodeManifest(sets: readonly InputSet[]): Uint8Array {
  return encode(sets.slice(0, manifestSetsMax).map(listsOf));
}

/** The manifest's sets, or none where the bytes are not a manifest. */
export function decodeManifest(bytes: Uint8Array): InputSet[] {
  try {
    const sets = decode(bytes) as unknown[][];
    return Array.isArray(sets) && sets.length <= manifestSetsMax ? sets.map(setOf) : [];
  } catch {
    return [];
  }
}

/**
 * The set as it is encoded: a text for each list, which is taken apart in a tenth of the time that a list of thousands of short
 * texts takes.
 */
export function listsOf(set: InputSet): readonly string[] {
  const { reads, missing, exists, listed, resolved, environment, dated } = set;
  const lists = [reads, missing, exists, listed, resolved, environment];
  return [...lists, ...(dated === undefined ? [] : [dated])].map(list => list.join('\0'));
}

/** The set that was encoded so. Throws TypeError where it was not. */
export function setOf(lists: readonly unknown[]): InputSet {
  const [reads, missing, exists, listed, resolved, environment, dated] = lists.map(readPaths);
  if (environment === undefined || lists.length > 7) throw new TypeError('a set has six lists or seven');
  return {
    reads: reads!,
    missing: missing!,
    exists: exists!,
    listed: listed!,
    resolved: resolved!,
    environment,
    ...(dated !== undefined && { dated }),
  };
}

function readPaths(list: unknown): string[] {
  if (typeof list !== 'string') throw new TypeError('not a list of paths');
  if (list === '') return [];
  const paths = list.split('\0', inputSetPathsMax + 1);
  if (paths.length > inputSetPathsMax || paths.includes('')) throw new TypeError('not a list of paths');
  return paths;
}

/** Whether two sets name the same paths. */
export function isSameSet(a: InputSet, b: InputSet): boolean {
  const listsB = listsOf(b);
  const listsA = listsOf(a);
  return listsA.length === listsB.length && listsA.every((list, i) => list === listsB[i]);
}
