// The ledger's file: a header, then entries, each framed as length, checksum, bytes. It is only ever appended to. After a
// crash the file may end in part of an entry; that tail was never acknowledged, and is cut.
import { constants } from 'node:fs';
import { copyFile, mkdir, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { digestHash, digestOf } from '../digest.ts';
import { CodedError } from '../errors.ts';
import { statementSizeBytesMax } from '../limits.ts';
import type { LedgerStore } from './ledger-store.ts';

const header = Buffer.from('p2pcache-ledger-1\n');
const checksumBytes = 8;
const frameBytes = 4 + checksumBytes;

/** One process at a time has the file open (the daemon, which holds its home's lock). */
export class DiskLedgerStore implements LedgerStore {
  readonly #path: string;
  /** Where the next entry goes; undefined until `load` has read what is there. */
  #sizeBytes: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Empty where there is no file. STORAGE where it cannot be read, or is something else's. */
  async load(): Promise<Uint8Array[]> {
    const content = await this.#attempt(() => readFile(this.#path).catch(emptyIfAbsent));
    if (!header.subarray(0, content.byteLength).equals(content.subarray(0, header.byteLength))) {
      throw new CodedError('STORAGE', `${this.#path} is not a ledger of this version`, {
        hint: 'update p2pcache, or move the file away and join the team again',
      });
    }
    const { entries, sizeBytes } = readEntries(content);
    if (sizeBytes < content.byteLength) await this.#attempt(() => this.#cut(sizeBytes));
    this.#sizeBytes = sizeBytes;
    return entries;
  }

  /** STORAGE where the disk does not take it; what was there before stays good. Not to be called while a call is under way. */
  async append(entries: readonly Uint8Array[]): Promise<void> {
    if (this.#sizeBytes === undefined) await this.load();
    const from = this.#sizeBytes ?? 0;
    const content = Buffer.concat([...(from === 0 ? [header] : []), ...entries.map(frame)]);
    await this.#attempt(() => this.#write(content, from));
    this.#sizeBytes = from + content.byteLength;
  }

  async #write(content: Uint8Array, from: number): Promise<void> {
    if (from === 0) await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    // Not for appending: Linux ignores positions on such files.
    const flags = from === 0 ? constants.O_RDWR | constants.O_CREAT : constants.O_RDWR;
    const file = await open(this.#path, flags, 0o600);
    try {
      for (let written = 0; written < content.byteLength; ) {
        written += (await file.write(content, written, content.byteLength - written, from + written))
          .bytesWritten;
      }
      await file.datasync();
    } catch (error) {
      // Half an entry must not stand before the next one.
      await file.truncate(from).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
    if (from === 0) await syncFolder(dirname(this.#path));
  }

  /** Keeps the uncut file beside it: a torn tail is ordinary, rot in the middle is worth a look. Teammates have the rest. */
  async #cut(sizeBytes: number): Promise<void> {
    await copyFile(this.#path, `${this.#path}.damaged`);
    await truncate(this.#path, sizeBytes);
  }

  async #attempt<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (error instanceof CodedError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new CodedError('STORAGE', `cannot keep the team's ledger in ${this.#path}: ${why}`, {
        hint: 'check that the disk has room and that the folder is yours and writable',
        cause: error,
      });
    }
  }
}

/** The whole entries at the start of the content, and where the last of them ends (0 where not even the header is whole). */
function readEntries(content: Buffer): { entries: Uint8Array[]; sizeBytes: number } {
  const entries: Uint8Array[] = [];
  if (content.byteLength < header.byteLength) return { entries, sizeBytes: 0 };
  let offset = header.byteLength;
  while (offset + frameBytes <= content.byteLength) {
    const length = content.readUInt32LE(offset);
    const start = offset + frameBytes;
    const entry = content.subarray(start, start + length);
    const sum = content.subarray(offset + 4, start);
    if (length > statementSizeBytesMax || entry.byteLength < length || !checksum(entry).equals(sum)) break;
    entries.push(Uint8Array.from(entry));
    offset = start + length;
  }
  return { entries, sizeBytes: offset };
}

function frame(entry: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(entry.byteLength);
  return Buffer.concat([length, checksum(entry), entry]);
}

function checksum(entry: Uint8Array): Buffer {
  return Buffer.from(digestHash(digestOf(entry)), 'hex').subarray(0, checksumBytes);
}

function emptyIfAbsent(error: unknown): Buffer {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
  throw error;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}
