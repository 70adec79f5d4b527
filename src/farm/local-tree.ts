// This machine's own files as entries of a tree (protocol/tree-entry.ts): what a worker must be told so that a path means
// there what it means here, links on the way included.
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { type FileStates, isContent } from '../compile/file-states.ts';
import { type Digest, matchesDigest } from '../digest.ts';
import { listedNamesMax } from '../limits.ts';
import type { TreeEntry } from '../protocol/tree-entry.ts';
import { parentOf } from './file-tree.ts';

/** A folder under the name it really has, and the entries that lead there. */
export interface LocalFolder {
  readonly real: string;
  readonly entries: readonly TreeEntry[];
}

const linksMax = 40;
const rememberedMax = 50_000;

export class LocalTree {
  readonly #states: FileStates;
  readonly #folders = new Map<string, LocalFolder>();
  /** Files that were told of, by content: what a worker may ask for. */
  readonly #offered = new Map<Digest, string>();

  constructor(states: FileStates) {
    this.#states = states;
  }

  /** The folder at this absolute path, or undefined where there is none. Remembered until `forget`. */
  folder(path: string): LocalFolder | undefined {
    let folder = this.#folders.get(path);
    if (folder === undefined) {
      folder = this.#walk(path, 0);
      if (folder === undefined) return undefined;
      if (this.#folders.size >= rememberedMax) this.#folders.clear();
      this.#folders.set(path, folder);
    }
    return folder;
  }

  forget(): void {
    this.#folders.clear();
  }

  /** What is at this very path, whose folder is real; undefined for nothing, and for what cannot be told (devices). */
  entryAt(path: string): TreeEntry | undefined {
    const stats = statOf(path);
    if (stats === undefined) return undefined;
    if (stats.isSymbolicLink()) return { kind: 'link', path, target: readlinkSync(path) };
    if (stats.isDirectory()) return { kind: 'folder', path };
    const digest = this.#states.stateOf(path);
    if (!isContent(digest)) return undefined;
    if (this.#offered.size >= rememberedMax) this.#offered.clear();
    this.#offered.set(digest, path);
    const isExecutable = (stats.mode & 0o111) !== 0;
    return { kind: 'file', path, digest, isExecutable, modifiedS: Math.floor(stats.mtimeMs / 1000) };
  }

  /** The paths of all that is in a folder; none where there are too many to be told, or there is no such folder. */
  pathsIn(folder: string): string[] {
    try {
      const names = readdirSync(folder);
      return names.length > listedNamesMax ? [] : names.map(name => `${folder}/${name}`);
    } catch {
      return [];
    }
  }

  /** Whether the file at this real path still has this content, or had it a moment ago, as `lately` says. */
  isStill(path: string, digest: Digest, isLatelyEnough: boolean): boolean {
    return digest === (isLatelyEnough ? this.#states.lately(path) : this.#states.stateOf(path));
  }

  /** The bytes of a file that was told of, as long as it has not changed. */
  bytesOf(digest: Digest): Uint8Array | undefined {
    const path = this.#offered.get(digest);
    if (path === undefined) return undefined;
    try {
      const bytes = readFileSync(path);
      return matchesDigest(bytes, digest) ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  #walk(path: string, links: number): LocalFolder | undefined {
    const entries: TreeEntry[] = [];
    let at = '/';
    const names = path.split('/');
    for (const [i, name] of names.entries()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        at = parentOf(at);
        continue;
      }
      const next = at === '/' ? `/${name}` : `${at}/${name}`;
      const entry = this.#linkOrFolder(next);
      if (entry === undefined) return undefined;
      entries.push(entry);
      if (entry.kind === 'link') {
        if (links >= linksMax) return undefined;
        const rest = this.#walk(
          [absoluteTarget(entry.target, at), ...names.slice(i + 1)].join('/'),
          links + 1,
        );
        return rest && { real: rest.real, entries: [...entries, ...rest.entries] };
      }
      at = next;
    }
    return { real: at, entries };
  }

  #linkOrFolder(path: string): Extract<TreeEntry, { kind: 'link' | 'folder' }> | undefined {
    const stats = statOf(path);
    if (stats?.isSymbolicLink()) return { kind: 'link', path, target: readlinkSync(path) };
    return stats?.isDirectory() ? { kind: 'folder', path } : undefined;
  }
}

/** A link's target as an absolute path; `folder` is the one that the link is in. */
export function absoluteTarget(target: string, folder: string): string {
  return target.startsWith('/') ? target : `${folder}/${target}`;
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
