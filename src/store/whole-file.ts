// Reading and writing whole files so that a reader sees all of one or none of it. Small files are read and written within
// one turn of the event loop: in the page cache reading one takes 2–8 µs, where the thread pool takes 40–240 µs.
import {
  closeSync,
  fdatasync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  read,
  readSync,
  renameSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { inlineBlobSizeBytesMax } from '../limits.ts';
import { storageError } from './storage-error.ts';

/** A file open for reading; `closeFile` it. */
export interface OpenFile {
  readonly path: string;
  readonly descriptor: number;
  readonly inode: number;
  readonly sizeBytes: number;
}

const syncSizeBytesMax = inlineBlobSizeBytesMax;
const readInPool = promisify(read);
const writeInPool = promisify(write);
const syncInPool = promisify(fdatasync);

/** The file at `path`, or undefined where there is none. Throws STORAGE where it cannot be opened. */
export function openWhole(path: string): OpenFile | undefined {
  try {
    const descriptor = openSync(path, 'r');
    const { ino, size } = fstatSync(descriptor);
    return { path, descriptor, inode: ino, sizeBytes: size };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw storageError(error, path);
  }
}

/** The content, or as much of it as there is where the file was cut short or the disk cannot read on. */
export async function readWhole({ path, descriptor, sizeBytes }: OpenFile): Promise<Uint8Array> {
  const content = Buffer.allocUnsafe(sizeBytes);
  const isSmall = sizeBytes <= syncSizeBytesMax;
  let filled = 0;
  try {
    while (filled < sizeBytes) {
      const count = isSmall
        ? readSync(descriptor, content, filled, sizeBytes - filled, filled)
        : (await readInPool(descriptor, content, filled, sizeBytes - filled, filled)).bytesRead;
      if (count === 0) break;
      filled += count;
    }
  } catch (error) {
    // A sector that cannot be read, or a folder where a file should be, is lost content; all else is an outage.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EIO' && code !== 'EISDIR') throw storageError(error, path);
  }
  return content.subarray(0, filled);
}

/** Writes all of `content` to `temporary` (on the same file system), syncs it, and moves it to `path`. Makes missing
 * folders; leaves nothing behind when it fails. */
export async function writeWhole(path: string, temporary: string, content: Uint8Array): Promise<void> {
  const descriptor = withFolder(temporary, () => openSync(temporary, 'wx', 0o600));
  try {
    try {
      await writeAll(descriptor, content);
      await syncInPool(descriptor);
    } finally {
      closeSync(descriptor);
    }
    withFolder(path, () => renameSync(temporary, path));
  } catch (error) {
    removeFile(temporary);
    throw error;
  }
}

async function writeAll(descriptor: number, content: Uint8Array): Promise<void> {
  const isSmall = content.byteLength <= syncSizeBytesMax;
  let written = 0;
  while (written < content.byteLength) {
    const rest = content.byteLength - written;
    written += isSmall
      ? writeSync(descriptor, content, written, rest)
      : (await writeInPool(descriptor, content, written, rest)).bytesWritten;
  }
}

/** Removes the file, unless another one has taken its place since it was opened, or the disk does not let it. */
export function removeIfSame({ path, inode }: OpenFile): void {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) unlinkSync(path);
  } catch {
    // A read-only disk, say: whoever reads verifies, so the file is in nobody's way.
  }
}

/** Removes the file; no error where it is absent. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

export function closeFile({ descriptor }: OpenFile): void {
  try {
    closeSync(descriptor); // a microsecond, where waking the thread pool for it takes a hundred
  } catch {
    // Nothing was written to it, so nothing is lost.
  }
}

function withFolder<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return operation();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
