// A worker's copy of a part of one client's files, on disk and in memory: what the client's jobs run in. It only grows, so a
// warm worker needs the source alone. A file that changes while a job runs goes into a new generation of the copy (hard
// links to the old one, new files beside them), so that no job ever sees its inputs change.
import {
  closeSync,
  fchmodSync,
  futimesSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { mentionsFileName } from '../compile/file-name-mentions.ts';
import type { Digest } from '../digest.ts';
import type { TreeEntry } from '../protocol/tree-entry.ts';
import { FileTree, parentOf } from './file-tree.ts';

/** Folders that every root has: mount points, and where compilers put what they need for a moment. */
const givenFolders = ['/dev', '/proc', '/tmp'];
/** Larger than all but a few headers: of such a file it is found out only when it matters whether it mentions file names. */
const headerBytesMax = 128 * 1024;
/** Files of which that is remembered. */
const mentionsMax = 100_000;
/** Where the sandbox shows its own files; in no tree, for it is no client's. */
const ownMountPoints = ['observer.so', 'log'];

/**
 * A file of this machine's own that is what the client has at some path: shown to jobs from where it is. A compiler has a hundred
 * megabytes and more, which need not be on the disk and in memory once for each client.
 */
export interface OwnFile {
  readonly path: string;
  /** Whether it is still the very file that was compared. */
  isStill(): boolean;
}

/** What a job saw may have been another file than the client's. */
export class OwnFileChanged extends Error {}

/** One state of the copy; while a job runs in it, nothing that is there changes. */
export interface Generation {
  readonly folder: string;
  readonly tree: FileTree;
  /** By their paths in the tree. In the folder there is an empty file in the place of each. */
  readonly own: ReadonlyMap<string, OwnFile>;
  /** To be called when the job is over. */
  release(): void;
}

interface Current {
  readonly folder: string;
  readonly tree: FileTree;
  readonly own: Map<string, OwnFile>;
  users: number;
  isRetired: boolean;
}

export class ClientCopy {
  readonly #dir: string;
  #current: Current;
  readonly #mentions = new Map<Digest, boolean>();

  /** Makes its folders below `dir`. */
  constructor(dir: string) {
    this.#dir = dir;
    this.#current = this.#newGeneration();
    for (const path of givenFolders) this.#put(this.#current, { kind: 'folder', path });
  }

  /** What the present copy lacks of these: the digests whose bytes `apply` needs. */
  lacking(entries: readonly TreeEntry[]): Digest[] {
    const digests = new Set<Digest>();
    for (const entry of entries) {
      if (entry.kind !== 'file') continue;
      const node = this.#current.tree.at(entry.path);
      if (node?.kind !== 'file' || node.digest !== entry.digest) digests.add(entry.digest);
    }
    return [...digests];
  }

  /**
   * Brings the copy up to date. `bytesOf` gives bytes, and `ownOf` files, that were found to match. Throws a RangeError where an
   * entry does not fit or there is neither for it.
   */
  apply(
    entries: readonly TreeEntry[],
    bytesOf: (digest: Digest) => Uint8Array | undefined,
    ownOf: (digest: Digest) => OwnFile | undefined = () => undefined,
  ): void {
    const { tree } = this.#current;
    const news = entries.filter(entry => !isSame(tree.at(entry.path), entry));
    if (news.length === 0) return;
    const changes = news.some(entry => tree.at(entry.path) !== undefined || entry.kind === 'gone');
    if (changes && this.#current.users > 0) this.#current = this.#succeed(this.#current);
    for (const entry of news) this.#put(this.#current, entry, bytesOf, ownOf);
  }

  use(): Generation {
    const current = this.#current;
    current.users++;
    return {
      folder: current.folder,
      tree: current.tree,
      own: current.own,
      release: () => {
        current.users--;
        if (current.isRetired && current.users === 0) remove(current.folder);
      },
    };
  }

  /** The bytes of a file of this generation; undefined where it is none. */
  bytesAt(generation: Generation, path: string): Buffer | undefined {
    const { tree } = generation;
    const real = tree.resolve(path);
    return real !== undefined && tree.at(real)?.kind === 'file'
      ? readFileSync(placeOf(generation, real))
      : undefined;
  }

  /** Whether a file of this generation could put its own name into a result. */
  mentionsFileName(generation: Generation, path: string): boolean {
    const { tree } = generation;
    const real = tree.resolve(path);
    const node = real === undefined ? undefined : tree.at(real);
    if (node?.kind !== 'file') return true;
    const known = this.#mentions.get(node.digest);
    return known ?? this.#noteMentions(node.digest, readFileSync(placeOf(generation, node.path)));
  }

  #noteMentions(digest: Digest, bytes: Uint8Array): boolean {
    const mentions = mentionsFileName(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (this.#mentions.size >= mentionsMax) this.#mentions.clear();
    this.#mentions.set(digest, mentions);
    return mentions;
  }

  delete(): void {
    remove(this.#dir);
  }

  #newGeneration(): Current {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const folder = mkdtempSync(join(this.#dir, 'g'));
    mkdirSync(join(folder, '.p2pcache'));
    for (const name of ownMountPoints) writeFileSync(join(folder, '.p2pcache', name), '');
    return { folder, tree: new FileTree(), own: new Map(), users: 0, isRetired: false };
  }

  #succeed(old: Current): Current {
    const next = this.#newGeneration();
    for (const node of old.tree.nodes()) {
      if (node.path === '/') continue;
      next.tree.put(node);
      const target = join(next.folder, node.path);
      if (node.kind === 'folder') mkdirSync(target, { recursive: true });
      else if (node.kind === 'link') symlinkSync(node.target, target);
      else linkSync(join(old.folder, node.path), target);
    }
    for (const [path, file] of old.own) next.own.set(path, file);
    old.isRetired = true;
    if (old.users === 0) remove(old.folder);
    return next;
  }

  /** The tree first: it refuses what does not fit, so that nothing is ever written through a link. */
  #put(
    { folder, tree, own }: Current,
    entry: TreeEntry,
    bytesOf?: (digest: Digest) => Uint8Array | undefined,
    ownOf?: (digest: Digest) => OwnFile | undefined,
  ): void {
    const path = join(folder, entry.path);
    const before = tree.at(entry.path);
    const isFolderThere = tree.at(parentOf(entry.path))?.kind === 'folder';
    const ownFile = entry.kind === 'file' ? ownOf?.(entry.digest) : undefined;
    const bytes = entry.kind === 'file' ? (ownFile ? new Uint8Array(0) : bytesOf?.(entry.digest)) : undefined;
    if (entry.kind === 'file' && bytes === undefined) throw new RangeError(`no bytes for ${entry.path}`);
    tree.put(entry);
    if (before !== undefined && !(before.kind === 'folder' && entry.kind === 'folder')) {
      remove(path);
      for (const each of own.keys())
        if (each === entry.path || each.startsWith(`${entry.path}/`)) own.delete(each);
    }
    if (ownFile !== undefined) own.set(entry.path, ownFile);
    if (entry.kind === 'gone') return;
    if (entry.kind === 'folder') {
      mkdirSync(path, { recursive: true });
      return;
    }
    if (!isFolderThere) mkdirSync(join(path, '..'), { recursive: true });
    if (entry.kind === 'link') {
      symlinkSync(entry.target, path);
      return;
    }
    // here once, and not read again by whichever job is the first to include it
    const isHeader = ownFile === undefined && bytes!.byteLength <= headerBytesMax;
    if (isHeader && !this.#mentions.has(entry.digest)) this.#noteMentions(entry.digest, bytes!);
    const fd = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(fd, bytes!);
      fchmodSync(fd, entry.isExecutable ? 0o555 : 0o444);
      futimesSync(fd, entry.modifiedS, entry.modifiedS);
    } finally {
      closeSync(fd);
    }
  }
}

/** Throws OwnFileChanged where a file that jobs are shown is not what it was, or gone. */
export function checkOwnFiles({ own }: Generation): void {
  const changed = [...own.values()].find(file => !file.isStill());
  if (changed !== undefined) throw new OwnFileChanged(`${changed.path} has changed`);
}

/** Where a file of the tree is on this machine. */
function placeOf({ folder, own }: Generation, path: string): string {
  return own.get(path)?.path ?? join(folder, path);
}

function isSame(a: TreeEntry | undefined, b: TreeEntry): boolean {
  if (a === undefined) return b.kind === 'gone';
  if (a.kind === 'file' && b.kind === 'file')
    return a.digest === b.digest && a.isExecutable === b.isExecutable;
  if (a.kind === 'link' && b.kind === 'link') return a.target === b.target;
  return a.kind === 'folder' && b.kind === 'folder';
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
