// Folders: which part of a compile's paths is the checkout (and may differ between teammates), and which is the machine.
//
// Paths below the project's root are written `{root}/…` in keys, manifests and results, so that two checkouts in different
// folders share. Whether a result may be shared at all is decided by evidence (outputs.ts), not here.
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The project's own settings, at its root. */
export const projectFileName = 'p2pcache.toml';
const markers = [projectFileName, '.git', '.hg', '.svn', '.jj'];
/** Where a marker would be, were this folder a project's root. */
export function markersIn(folder: string): string[] {
  return markers.map(marker => `${folder}/${marker}`);
}
export const rootToken = '{root}';

/** A folder that has another name on another machine or in another checkout, and what stands for it. */
export interface Place {
  readonly token: string;
  /** Absolute, without a slash at its end. */
  readonly path: string;
}

export interface ProjectFolder {
  /** Absolute, without a slash at its end. */
  readonly root: string;
  readonly cwd: string;
  /** How the compiler spells the folder: $PWD where it names the same folder, as gcc and clang use it. */
  readonly spelledCwd: string;
  /** Every place of the compile, those inside others first; left out where the root is the only one. */
  readonly places?: readonly Place[];
}

interface SeenFolder {
  readonly mtimeMs: number;
  readonly ino: number;
  readonly hasMarker: boolean;
}

const seenFolders = new Map<string, SeenFolder>();
const seenFoldersMax = 10_000;

/**
 * The project's root: the nearest folder at or above `cwd` with a version control or p2pcache.toml marker; without one,
 * the deepest folder that holds cwd, the source and the output (an out-of-tree build beside its sources).
 */
export function projectFolder(cwd: string, pwd: string | undefined, paths: readonly string[]): ProjectFolder {
  const marked = markedRoot(cwd);
  const root = marked ?? commonFolder([cwd, ...paths.map(path => dirname(resolve(cwd, path)))]);
  return { root, cwd, spelledCwd: pwd ?? cwd };
}

/** The nearest folder at or above `folder` with a marker. */
export function markedRoot(folder: string): string | undefined {
  for (let at = folder; at !== '/'; at = dirname(at)) {
    if (hasMarker(at)) return at;
  }
  return undefined;
}

/** Looks again whenever something was added to the folder or removed from it. */
function hasMarker(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  const { mtimeMs, ino } = stats;
  const seen = seenFolders.get(folder);
  if (seen !== undefined && seen.mtimeMs === mtimeMs && seen.ino === ino) return seen.hasMarker;
  const isMarked = markers.some(marker => existsSync(`${folder}/${marker}`));
  if (seenFolders.size >= seenFoldersMax) seenFolders.clear();
  seenFolders.set(folder, { mtimeMs, ino, hasMarker: isMarked });
  return isMarked;
}

function commonFolder(folders: readonly string[]): string {
  let common = folders[0]!.split('/');
  for (const folder of folders.slice(1)) {
    const parts = folder.split('/');
    let same = 0;
    while (same < common.length && same < parts.length && common[same] === parts[same]) same++;
    common = common.slice(0, same);
  }
  // a root as wide as `/`, `/home` or `/tmp` says nothing about a checkout
  return common.length > 2 ? common.join('/') : folders[0]!;
}

/** The path with a token for the place it is below, if any; relative and other absolute paths as they are. */
export function toPortable(path: string, folder: ProjectFolder): string {
  for (const { token, path: place } of placesOf(folder)) {
    if (!path.startsWith(place)) continue;
    if (path.length === place.length) return token;
    if (path[place.length] === '/') return token + path.slice(place.length);
  }
  return path;
}

/** The path that a portable one means here: absolute, or relative to the working folder. */
export function fromPortable(path: string, folder: ProjectFolder): string {
  if (path[0] !== '{') return path;
  const slash = path.indexOf('/');
  const token = slash < 0 ? path : path.slice(0, slash);
  const place = placesOf(folder).find(each => each.token === token);
  return place === undefined ? path : place.path + path.slice(token.length);
}

export function placesOf(folder: ProjectFolder): readonly Place[] {
  return folder.places ?? [{ token: rootToken, path: folder.root }];
}

/** An argument with every spelling of the root in it as a token: `-I/checkout/inc`, `-fmacro-prefix-map=/checkout=.`.
 * Macros keep theirs: their text may reach the result in any shape. */
export function argumentToPortable(argument: string, root: string, isMacro: boolean): string {
  if (isMacro || !argument.includes(root)) return argument;
  const escaped = root.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return argument.replace(
    new RegExp(`(?<![\\w./-])${escaped}(?=/|=|,|:|$)|(?<=^-[A-Za-z])${escaped}(?=/|=|,|:|$)`, 'g'),
    rootToken,
  );
}
