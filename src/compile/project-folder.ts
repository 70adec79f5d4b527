// Folders: which part of a compile's paths is the checkout (and may differ between teammates), and which is the machine.
//
// Paths below the project's root are written `{root}/…` in keys, manifests and results, so that two checkouts in different
// folders share. Whether a result may be shared at all is decided by evidence (outputs.ts), not here.
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const markers = ['.git', '.hg', '.svn', '.jj', 'p2pcache.toml'];
const rootToken = '{root}';

export interface ProjectFolder {
  /** Absolute, without a slash at its end. */
  readonly root: string;
  readonly cwd: string;
  /** How the compiler spells the folder: $PWD where it names the same folder, as gcc and clang use it. */
  readonly spelledCwd: string;
}

const rootsByFolder = new Map<string, string | undefined>();

/**
 * The project's root: the nearest folder at or above `cwd` with a version control or p2pcache.toml marker; without one,
 * the deepest folder that holds cwd, the source and the output (an out-of-tree build beside its sources).
 */
export function projectFolder(cwd: string, pwd: string | undefined, paths: readonly string[]): ProjectFolder {
  const marked = markedRoot(cwd);
  const root = marked ?? commonFolder([cwd, ...paths.map(path => dirname(resolve(cwd, path)))]);
  return { root, cwd, spelledCwd: pwd ?? cwd };
}

function markedRoot(cwd: string): string | undefined {
  if (rootsByFolder.has(cwd)) return rootsByFolder.get(cwd);
  let folder = cwd;
  let found: string | undefined;
  while (found === undefined && folder !== '/') {
    if (markers.some(marker => existsSync(`${folder}/${marker}`))) found = folder;
    folder = dirname(folder);
  }
  if (rootsByFolder.size > 10_000) rootsByFolder.clear();
  rootsByFolder.set(cwd, found);
  return found;
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

/** The path with the root as a token, where it is below the root; relative and other absolute paths as they are. */
export function toPortable(path: string, root: string): string {
  if (!path.startsWith(root)) return path;
  if (path.length === root.length) return rootToken;
  return path[root.length] === '/' ? rootToken + path.slice(root.length) : path;
}

/** The path that a portable one means here: absolute, or relative to the working folder. */
export function fromPortable(path: string, root: string): string {
  return path === rootToken || path.startsWith(`${rootToken}/`) ? root + path.slice(rootToken.length) : path;
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
