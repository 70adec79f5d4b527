// What is at a path right now: absent, a folder, or a file with this digest. Digests are remembered by the file's device,
// inode, size, mtime and ctime, so a file is read once and from then on only asked for its attributes.
import { type BigIntStats, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { type Digest, digestOf, digestOfFile } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';
import { mentionsFileName } from './file-name-mentions.ts';

export type FileState = Digest | 'missing' | 'folder' | 'other';

/** Whether it is a file that can be read. */
export function isContent(state: FileState): state is Digest {
  return state !== 'missing' && state !== 'folder' && state !== 'other';
}

interface Remembered {
  readonly ino: number;
  readonly dev: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly digest: Digest;
  /** When it was last seen to be so. */
  seenAtMs: number;
  check?: Buffer;
}

/** A file changed this recently could change again within the same tick of the file system's clock: not remembered. */
const racyMs = 30;
const rememberedMax = 100_000;
/** See `lately`. */
const latelyMs = 2_000;

export class FileStates {
  readonly #clock: Clock;
  readonly #mentions = new Map<Digest, boolean>();
  readonly #files = new Map<string, Remembered>();
  readonly #listings = new Map<
    string,
    { mtimeMs: number; ctimeMs: number; ino: number; names: ReadonlySet<string> }
  >();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is at this absolute path. `other`: neither folder nor readable regular file. */
  stateOf(path: string): FileState {
    const stats = statOf(path);
    if (stats === undefined) return 'missing';
    if (stats === 'unreadable') return 'other';
    if (stats.isDirectory()) return 'folder';
    return stats.isFile() ? this.#digestOf(path, stats) : 'other';
  }

  /**
   * What was at this path within the last moments, without asking again where a file was. Only for what is found out later and
   * costs no more than time: what a compile may read.
   */
  lately(path: string): FileState {
    const known = this.#files.get(path);
    const isFresh = known !== undefined && this.#clock.nowMs() - known.seenAtMs < latelyMs;
    return isFresh ? known.digest : this.stateOf(path);
  }

  /** What kind of thing is there, without reading it. */
  kindOf(path: string): 'missing' | 'folder' | 'file' | 'other' {
    const stats = statOf(path);
    if (stats === undefined) return 'missing';
    if (stats === 'unreadable') return 'other';
    return stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : 'other';
  }

  /** Whether it is a file that can be run by anyone at all. */
  isExecutable(path: string): boolean {
    const stats = statOf(path);
    return stats !== undefined && stats !== 'unreadable' && stats.isFile() && (stats.mode & 0o111) !== 0;
  }

  /** Which file or folder it is, whatever its name, and its mtime in whole seconds; undefined where nothing is there. */
  identityOf(path: string): { readonly file: string; readonly modifiedS: number } | undefined {
    const stats = statOf(path);
    if (stats === undefined || stats === 'unreadable') return undefined;
    return { file: `${stats.dev}:${stats.ino}`, modifiedS: Math.floor(stats.mtimeMs / 1000) };
  }

  /** The path with every link followed; undefined where it leads nowhere. */
  realPathOf(path: string): string | undefined {
    try {
      return realpathSync.native(path);
    } catch {
      return undefined;
    }
  }

  exists(path: string): boolean {
    return statOf(path) !== undefined;
  }

  /** Whether the file was last changed, in content or attributes, at or after this time (milliseconds since the epoch). */
  changedSince(path: string, timeMs: number): boolean {
    const stats = statOf(path);
    return stats === undefined || stats === 'unreadable' || Math.max(stats.mtimeMs, stats.ctimeMs) >= timeMs;
  }

  /** The check for a file whose digest is remembered, made once; undefined for others. */
  checkOf(path: string, make: (path: string, stats: BigIntStats) => Buffer): Buffer | undefined {
    const known = this.#files.get(path);
    if (known === undefined || known.check !== undefined) return known?.check;
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined || !isSame(known, statOf(path))) return undefined;
    known.check = make(path, stats);
    return known.check;
  }

  /** The bytes of a file; undefined where it cannot be read. */
  bytesAt(path: string): Buffer | undefined {
    try {
      return readFileSync(path);
    } catch {
      return undefined;
    }
  }

  /** Whether the file could put its own path into a result (file-name-mentions.ts); true where it cannot be read. */
  mentionsFileName(path: string): boolean {
    const digest = this.stateOf(path);
    const known = this.#mentions.get(digest as Digest);
    if (known !== undefined) return known;
    const text = this.bytesAt(path);
    if (text === undefined) return true;
    const mentions = mentionsFileName(text);
    if (this.#mentions.size >= rememberedMax) this.#mentions.clear();
    this.#mentions.set(digestOf(text), mentions);
    return mentions;
  }

  /** The digest of a folder's sorted names; undefined where it cannot be listed. */
  listingOf(path: string): Digest | undefined {
    const names = this.#namesIn(path);
    return names === undefined ? undefined : digestOf([...names].sort().join('\0'));
  }

  /** Whether none of `names` is in the folder (which may be absent itself): one call for all, while the folder is unchanged. */
  lacksAll(folder: string, names: readonly string[]): boolean {
    if (names.length < 3) return names.every(name => !this.exists(`${folder}/${name}`));
    if (!this.exists(folder)) return true;
    const listed = this.#namesIn(folder);
    return listed === undefined
      ? names.every(name => !this.exists(`${folder}/${name}`))
      : !names.some(name => listed.has(name));
  }

  #digestOf(path: string, stats: Stats): FileState {
    const known = this.#files.get(path);
    if (known !== undefined && isSame(known, stats)) {
      known.seenAtMs = this.#clock.nowMs();
      return known.digest;
    }
    this.#files.delete(path);
    try {
      const digest = digestOfFile(path);
      const { ino, dev, size, mtimeMs, ctimeMs } = stats;
      const after = statOf(path);
      const isSettled = this.#clock.nowMs() - Math.max(mtimeMs, ctimeMs) > racyMs;
      if (
        after === undefined ||
        after === 'unreadable' ||
        !isSame({ ino, dev, size, mtimeMs, ctimeMs }, after)
      )
        return 'other';
      if (isSettled) {
        if (this.#files.size >= rememberedMax) this.#files.clear();
        this.#files.set(path, { ino, dev, size, mtimeMs, ctimeMs, digest, seenAtMs: this.#clock.nowMs() });
      }
      return digest;
    } catch {
      return 'other';
    }
  }

  #namesIn(folder: string): ReadonlySet<string> | undefined {
    const stats = statOf(folder);
    if (stats === undefined || stats === 'unreadable' || !stats.isDirectory()) return undefined;
    const known = this.#listings.get(folder);
    if (
      known !== undefined &&
      known.mtimeMs === stats.mtimeMs &&
      known.ctimeMs === stats.ctimeMs &&
      known.ino === stats.ino
    ) {
      return known.names;
    }
    try {
      const names = new Set(readdirSync(folder));
      if (this.#clock.nowMs() - stats.mtimeMs > racyMs) {
        if (this.#listings.size >= 10_000) this.#listings.clear();
        this.#listings.set(folder, { mtimeMs: stats.mtimeMs, ctimeMs: stats.ctimeMs, ino: stats.ino, names });
      }
      return names;
    } catch {
      return undefined;
    }
  }
}

function statOf(path: string): Stats | undefined | 'unreadable' {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? undefined : 'unreadable';
  }
}

function isSame(a: Omit<Remembered, 'digest' | 'seenAtMs'>, b: Stats | undefined | 'unreadable'): boolean {
  if (b === undefined || b === 'unreadable') return false;
  return (
    a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs &&
    a.size === b.size &&
    a.ino === b.ino &&
    a.dev === b.dev
  );
}
