// A part of one machine's file system, as another machine was told of it: files by digest, folders, symbolic links. A worker
// runs a compile in such a tree and judges its inputs by it, so the tree answers the same questions as the real file system.

import type { FileState } from '../compile/file-states.ts';
import type { WorldStates } from '../compile/input-manifest.ts';
import { type Digest, digestOf } from '../digest.ts';
import { isPlainPath, type TreeEntry } from '../protocol/tree-entry.ts';

type Node = Exclude<TreeEntry, { kind: 'gone' }>;

/** As the kernel: more links than this on the way to one path are a loop. */
const linksMax = 40;

export class FileTree implements WorldStates {
  readonly #nodes = new Map<string, Node>();
  readonly #children = new Map<string, Set<string>>();
  #resolved = new Map<string, string | undefined>();

  constructor() {
    this.#set({ kind: 'folder', path: '/' });
  }

  /**
   * Takes an entry in, with the folders above it. Throws a RangeError where it does not fit: a path that is not plain, a file
   * or a link where a folder would have to be, a folder in the place of a file that others are below.
   */
  put(entry: TreeEntry): void {
    if (!isPlainPath(entry.path)) throw new RangeError(`not a plain path: ${JSON.stringify(entry.path)}`);
    if (entry.kind === 'gone') {
      this.#remove(entry.path);
      return;
    }
    for (const parent of parentsOf(entry.path)) {
      const node = this.#nodes.get(parent);
      if (node === undefined) this.#set({ kind: 'folder', path: parent });
      else if (node.kind !== 'folder') throw new RangeError(`${parent} is no folder`);
    }
    const before = this.#nodes.get(entry.path);
    if (before?.kind === 'folder' && entry.kind !== 'folder') this.#remove(entry.path);
    this.#set(entry);
  }

  /** What is at this very path; links are not followed. */
  at(path: string): Node | undefined {
    return this.#nodes.get(path);
  }

  *nodes(): Generator<Node> {
    yield* this.#nodes.values();
  }

  /** Names in a folder; none where there is no such folder. */
  namesIn(path: string): ReadonlySet<string> {
    return this.#children.get(path) ?? noNames;
  }

  /** The path with every link followed, as the kernel walks it; undefined where nothing is there. */
  resolve(path: string): string | undefined {
    const slash = path.lastIndexOf('/');
    const folder = slash <= 0 ? '/' : path.slice(0, slash);
    if (!this.#resolved.has(folder)) this.#resolved.set(folder, this.#walk(folder, 0));
    const parent = this.#resolved.get(folder);
    const name = path.slice(slash + 1);
    if (parent === undefined || this.#nodes.get(parent)?.kind !== 'folder') return undefined;
    if (name === '' || name === '.' || name === '..') return this.#walk(path, 0);
    const direct = join(parent, name);
    const node = this.#nodes.get(direct);
    return node?.kind === 'link' ? this.#walk(direct, 0) : node && direct;
  }

  stateOf(path: string): FileState {
    const node = this.#nodeOf(path);
    return node === undefined ? 'missing' : node.kind === 'file' ? node.digest : 'folder';
  }

  kindOf(path: string): 'missing' | 'folder' | 'file' | 'other' {
    const node = this.#nodeOf(path);
    return node === undefined ? 'missing' : node.kind === 'file' ? 'file' : 'folder';
  }

  lacksAll(folder: string, names: readonly string[]): boolean {
    const real = this.resolve(folder);
    const held = real === undefined ? noNames : this.namesIn(real);
    return !names.some(name => held.has(name) && this.#nodeOf(`${folder}/${name}`) !== undefined);
  }

  isExecutable(path: string): boolean {
    const node = this.#nodeOf(path);
    return node?.kind === 'file' && node.isExecutable;
  }

  identityOf(path: string): { readonly file: string; readonly modifiedS: number } | undefined {
    const real = this.resolve(path);
    const node = real === undefined ? undefined : this.#nodes.get(real);
    return real === undefined || node === undefined
      ? undefined
      : { file: real, modifiedS: node.kind === 'file' ? node.modifiedS : 0 };
  }

  realPathOf(path: string): string | undefined {
    return this.resolve(path);
  }

  listingOf(path: string): Digest | undefined {
    const real = this.resolve(path);
    if (real === undefined || this.#nodes.get(real)?.kind !== 'folder') return undefined;
    return digestOf([...this.namesIn(real)].sort().join('\0'));
  }

  #nodeOf(path: string): Exclude<Node, { kind: 'link' }> | undefined {
    const real = this.resolve(path);
    return real === undefined ? undefined : (this.#nodes.get(real) as Exclude<Node, { kind: 'link' }>);
  }

  #walk(path: string, links: number): string | undefined {
    let at = '/';
    const names = path.split('/');
    for (const [i, name] of names.entries()) {
      if (name === '' || name === '.') continue;
      if (this.#nodes.get(at)?.kind !== 'folder') return undefined;
      if (name === '..') {
        at = parentOf(at);
        continue;
      }
      const next = join(at, name);
      const node = this.#nodes.get(next);
      if (node === undefined) return undefined;
      if (node.kind === 'link') {
        if (links >= linksMax) return undefined;
        const start = node.target.startsWith('/') ? node.target : `${at}/${node.target}`;
        return this.#walk([start, ...names.slice(i + 1)].join('/'), links + 1);
      }
      at = next;
    }
    return at;
  }

  #set(node: Node): void {
    this.#nodes.set(node.path, node);
    this.#resolved = new Map();
    if (node.kind === 'folder' && !this.#children.has(node.path)) this.#children.set(node.path, new Set());
    if (node.path !== '/') this.#children.get(parentOf(node.path))!.add(nameOf(node.path));
  }

  #remove(path: string): void {
    if (path === '/' || !this.#nodes.has(path)) return;
    for (const name of this.namesIn(path)) this.#remove(join(path, name));
    this.#nodes.delete(path);
    this.#children.delete(path);
    this.#children.get(parentOf(path))?.delete(nameOf(path));
    this.#resolved = new Map();
  }
}

const noNames: ReadonlySet<string> = new Set();

/** The folders above a path, outermost first, without the root. */
export function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) parents.push(path.slice(0, at));
  return parents;
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}
