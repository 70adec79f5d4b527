// What one run of a compiler read, looked for, listed and wrote, from the observer's log (cli/launcher/log.h is the format).
import type { OutputStyle } from '../actions/action-result.ts';
import { modifiedS } from './file-stamp.ts';

export interface Observation {
  /** Files whose bytes the result depends on: sources, headers, the compiler's own programs and libraries. */
  readonly reads: ReadonlySet<string>;
  /** Paths that were looked for in vain. */
  readonly missing: ReadonlySet<string>;
  /** Paths that had to exist, and to be executable where they are. Programs that ran are among them. */
  readonly exists: ReadonlySet<string>;
  /** Folders whose names were listed. */
  readonly listed: ReadonlySet<string>;
  /** Paths whose links were followed for their own sake: where they lead is part of what was seen. */
  readonly resolved: ReadonlySet<string>;
  /** Paths left written, in order. */
  readonly written: ReadonlySet<string>;
  /** How each treated what stood there before. */
  readonly styles: ReadonlyMap<string, OutputStyle>;
  /** Environment variables asked for. */
  readonly environment: ReadonlySet<string>;
  readonly readsRandomness: boolean;
  /** Whether the time of day was asked for, in whatever shape. */
  readonly readsClock: boolean;
  /** Read files whose time of change was told in words (__TIMESTAMP__). */
  readonly dated: ReadonlySet<string>;
  /** Read, and no file that can be looked at again: standard input by a name of its own. */
  readonly streamsRead: ReadonlySet<string>;
  /** Whether the controlling terminal was asked for: its width, in all likelihood. */
  readonly asksTerminal: boolean;
  /** Folders that were listed more than once. */
  readonly listedAgain: ReadonlySet<string>;
  /** Folders made and left there; those that are gone again left no trace. */
  readonly foldersMade: ReadonlySet<string>;
  /** Read as they were before the run wrote them; no longer among `reads`. */
  readonly rewritten: ReadonlySet<string>;
  /** Attributes of files (file-stamp.ts): of what was read when it was opened, of what was written when it was closed. */
  readonly stamps: ReadonlyMap<string, string>;
}

export interface Unobservable {
  readonly uncached: string;
}

const headerBytes = 32;
const magic = 0x31304f5350325032n;

/** Loaded by every program and without influence on what a compiler writes. */
const ignoredLibraries =
  /\/(ld-linux[^/]*|libc|libpthread|libdl|librt)\.so[^/]*$|\/ld-[0-9.]+\.so$|\/observer\.so$|\/libp2pcache[^/]*$/;
const devices = /^\/(dev\/(?!shm\/)|proc\/)/;
const terminal = '/dev/tty';
/** What is read there is no file that can be looked at again: standard input by a name of its own, a terminal. */
const streams = /^\/dev\/(?!null$|zero$|full$|u?random$)|^\/proc\/[^/]+\/(task\/[^/]+\/)?fd\//;
/** Programs that interpret a script: what a script does beyond running a compiler is not observed well enough. */
const interpreters = /\/(ba|da|z|k|fi)?sh[0-9.]*$|\/(python|perl|ruby|env|busybox|node)[0-9.]*$/;

/** Reads a log of `usedBytes`; the reason why the run cannot be cached where the log shows one. */
export function readObservation(log: Buffer): Observation | Unobservable {
  if (log.length < headerBytes || log.readBigUInt64LE(0) !== magic) return { uncached: 'not-observed' };
  const used = Number(log.readBigUInt64LE(8));
  if (used > log.length) return { uncached: 'too-many-inputs' };
  const text = log.toString('utf8', headerBytes, used);
  if (text.includes('\ufffd')) return { uncached: 'path-encoding' };
  const notes = text.split('\0');
  if (notes.pop() !== '') return { uncached: 'not-observed' };
  const sets = new ObservedSets();
  for (const note of notes) {
    const reason = note === '' ? 'not-observed' : sets.add(note[0]!, note.slice(1));
    if (reason !== undefined) return { uncached: reason };
  }
  if (sets.started < 1 || sets.started < sets.ran + 1) return { uncached: 'not-observed' };
  return sets.finish();
}

class ObservedSets {
  readonly reads = new Set<string>();
  readonly missing = new Set<string>();
  readonly exists = new Set<string>();
  readonly listed = new Set<string>();
  readonly resolved = new Set<string>();
  readonly written = new Set<string>();
  readonly styles = new Map<string, OutputStyle>();
  readonly everWritten = new Set<string>();
  /** Removed though this run did not make them, and not written again. */
  readonly removed = new Set<string>();
  readonly environment = new Set<string>();
  readonly listedAgain = new Set<string>();
  readonly foldersMade = new Set<string>();
  readonly rewritten = new Set<string>();
  readonly stamps = new Map<string, string>();
  /** Ever made by this run, with a slash at the end: nothing below them is an input. */
  readonly ownFolders: string[] = [];
  readonly programs = new Set<string>();
  started = 0;
  ran = 0;
  readsRandomness = false;
  readsClock = false;
  readonly dated = new Set<string>();
  /** In seconds: long past, so that they are times of files. */
  readonly toldTimes = new Set<bigint>();
  asksTerminal = false;
  readonly streamsRead = new Set<string>();

  isOwn(path: string): boolean {
    return this.everWritten.has(path) || this.ownFolders.some(folder => path.startsWith(folder));
  }

  /** Takes one note in; returns the reason when it makes the run one that cannot be cached. */
  add(kind: string, path: string): string | undefined {
    switch (kind) {
      case 'R':
        if (path === '/dev/urandom' || path === '/dev/random') this.readsRandomness = true;
        if (path === terminal) this.asksTerminal = true;
        else if (streams.test(path)) this.streamsRead.add(path);
        else if (!devices.test(path) && !this.isOwn(path)) this.reads.add(path);
        return undefined;
      case 'I':
        return this.addStamp(path, 'before');
      case 'O':
        return this.addStamp(path, 'after');
      case 'Y':
        if (!this.isOwn(path) && !devices.test(path)) this.resolved.add(path);
        return undefined;
      case 'H':
        return path.startsWith('/') ? undefined : 'plugin';
      case 'M':
        if (path !== '' && !this.isOwn(path)) this.missing.add(path); // nothing is ever at an empty path
        return undefined;
      case 'E':
        if (!this.isOwn(path) && !devices.test(path)) this.exists.add(path);
        return undefined;
      case 'L':
        if (!ignoredLibraries.test(path)) this.reads.add(path);
        return undefined;
      case 'P':
        this.started++;
        this.reads.add(path);
        return interpreters.test(path) ? 'compiler-is-a-script' : undefined;
      case 'X':
        this.ran++;
        this.reads.add(path);
        this.programs.add(path);
        return undefined;
      default:
        return this.addChange(kind, path);
    }
  }

  addChange(kind: string, path: string): string | undefined {
    switch (kind) {
      case 'D':
        if (this.isOwn(path)) return undefined;
        if (this.listed.has(path)) this.listedAgain.add(path);
        this.listed.add(path);
        return undefined;
      case 'C':
        this.readsClock = true;
        return undefined;
      case 'G':
        this.environment.add(path);
        return undefined;
      case 'W':
        return this.addWritten(path, this.styles.get(path) ?? 'written');
      case 'S':
        return this.addWritten(path, this.styles.get(path) ?? 'remade');
      case 'V':
        return this.addWritten(path, 'replaced');
      case 'U':
        if (!this.isOwn(path)) this.removed.add(path);
        this.foldersMade.delete(path);
        this.written.delete(path);
        this.everWritten.add(path);
        this.missing.delete(path);
        this.exists.delete(path);
        this.stamps.delete(path);
        return undefined;
      case 'A':
        return devices.test(path) || this.everWritten.has(path) ? undefined : 'changes-a-file';
      case 'T':
        if (path === '') return 'reads-the-time';
        if (!/^\d{1,20}$/.test(path)) return 'not-observed';
        this.toldTimes.add(BigInt(path));
        return undefined;
      case 'N':
        return 'network';
      case 'K':
        this.ownFolders.push(`${path}/`);
        this.foldersMade.add(path);
        this.everWritten.add(path);
        this.missing.delete(path);
        return undefined;
      case 'F':
        if (path !== terminal) return 'unreadable-path';
        this.asksTerminal = true;
        return undefined;
      case 'B':
        return devices.test(path) ? undefined : 'write-failed';
      default:
        return 'not-observed';
    }
  }

  addWritten(path: string, style: OutputStyle): string | undefined {
    if (path === '/dev/null') return undefined;
    if (devices.test(path)) return 'special-output';
    if (this.reads.delete(path)) this.rewritten.add(path);
    this.everWritten.add(path);
    this.removed.delete(path);
    this.written.add(path);
    this.styles.set(path, style);
    this.missing.delete(path);
    this.exists.delete(path);
    this.resolved.delete(path);
    this.stamps.delete(path);
    return undefined;
  }

  addStamp(text: string, when: 'before' | 'after'): string | undefined {
    const blank = text.indexOf(' ');
    const path = text.slice(blank + 1);
    const stamp = text.slice(0, blank);
    if (when === 'before' && this.everWritten.has(path)) return undefined;
    const known = this.stamps.get(path);
    if (when === 'before' && known !== undefined && known !== stamp) return 'input-changed';
    this.stamps.set(path, stamp);
    return undefined;
  }

  /** Finds out whose times were told; false where one is no read file's. */
  findDated(): boolean {
    const found = new Set<bigint>();
    for (const path of this.reads) {
      const stamp = this.stamps.get(path);
      const told = stamp === undefined ? undefined : modifiedS(stamp);
      if (told === undefined || !this.toldTimes.has(told)) continue;
      found.add(told);
      this.dated.add(path);
    }
    return found.size === this.toldTimes.size;
  }

  finish(): Observation | Unobservable {
    if (this.removed.size > 0) return { uncached: 'removes-files' };
    if (this.toldTimes.size > 0 && !this.findDated()) return { uncached: 'reads-the-time' };
    for (const path of this.reads) this.exists.delete(path);
    for (const path of this.programs) this.exists.add(path);
    for (const path of this.listed) this.exists.delete(path);
    return this;
  }
}
