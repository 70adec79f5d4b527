// What one worker was told of this machine's files. A job names only what the worker does not know yet, or knows otherwise:
// for a warm worker that is the source.
import type { Digest } from '../digest.ts';
import type { TreeEntry } from '../protocol/tree-entry.ts';
import { parentOf } from './file-tree.ts';
import { absoluteTarget, type LocalTree } from './local-tree.ts';

const linksMax = 40;

export class ToldFiles {
  readonly #tree: LocalTree;
  readonly #told = new Map<string, TreeEntry>();
  readonly #folders = new Set<string>();
  readonly #toolchains = new Set<Digest>();
  #epoch = 0;
  #count = 0;

  constructor(tree: LocalTree) {
    this.#tree = tree;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Entries told in this epoch. */
  get count(): number {
    return this.#count;
  }

  /** Starts over: the worker has lost what it was told in this epoch. Nothing to do where that was another one. */
  forget(epoch: number): void {
    if (epoch !== this.#epoch) return;
    this.#told.clear();
    this.#folders.clear();
    this.#toolchains.clear();
    this.#epoch++;
    this.#count = 0;
  }

  /** Takes note of a toolchain, whose files the worker gets with it. */
  note({ digest, entries }: { readonly digest: Digest; readonly entries: readonly TreeEntry[] }): void {
    if (this.#toolchains.has(digest)) return;
    this.#toolchains.add(digest);
    for (const entry of entries) this.#told.set(entry.path, entry);
  }

  /** Whether these paths hold anything that the worker does not know, or knows otherwise, by what they hold now. */
  isNews(paths: Iterable<string>): boolean {
    const copy = new ToldFiles(this.#tree);
    for (const [path, entry] of this.#told) copy.#told.set(path, entry);
    const news: TreeEntry[] = [];
    for (const path of paths) copy.#visit(path, news, { isLatelyEnough: false, links: 0 });
    return news.length > 0;
  }

  /**
   * What the worker must be told for these absolute paths to mean there what they mean here; from now on it counts as told. A
   * change of the last moments can be missed (`lately` in compile/file-states.ts): the job's result is then not taken.
   */
  news(paths: Iterable<string>): TreeEntry[] {
    const news: TreeEntry[] = [];
    for (const path of paths) this.#visit(path, news, { isLatelyEnough: true, links: 0 });
    this.#count += news.length;
    return news;
  }

  #visit(path: string, news: TreeEntry[], how: { isLatelyEnough: boolean; links: number }): void {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const isFolder = name === '' || name === '.' || name === '..';
    const spelled = isFolder ? path : path.slice(0, slash) || '/';
    const folder = this.#tree.folder(spelled);
    if (folder === undefined) return;
    if (!this.#folders.has(spelled)) {
      for (const entry of folder.entries) this.#tell(entry, news);
      this.#folders.add(spelled);
    }
    if (isFolder) return;
    const real = folder.real === '/' ? `/${name}` : `${folder.real}/${name}`;
    const told = this.#told.get(real);
    if (told?.kind === 'file' && this.#tree.isStill(real, told.digest, how.isLatelyEnough)) return;
    const entry = this.#tree.entryAt(real);
    if (entry === undefined) {
      if (told !== undefined && told.kind !== 'gone') this.#tell({ kind: 'gone', path: real }, news);
      return;
    }
    this.#tell(entry, news);
    if (entry.kind === 'link' && how.links < linksMax) {
      const target = absoluteTarget(entry.target, parentOf(real));
      this.#visit(target, news, { ...how, links: how.links + 1 });
    }
  }

  #tell(entry: TreeEntry, news: TreeEntry[]): void {
    if (isSame(this.#told.get(entry.path), entry)) return;
    this.#told.set(entry.path, entry);
    news.push(entry);
  }
}

function isSame(a: TreeEntry | undefined, b: TreeEntry): boolean {
  if (a === undefined || a.kind !== b.kind) return false;
  if (a.kind === 'file' && b.kind === 'file') return a.digest === b.digest;
  return a.kind !== 'link' || b.kind !== 'link' || a.target === b.target;
}
