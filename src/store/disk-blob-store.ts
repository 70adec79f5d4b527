// Blobs on disk, one file each. The files are the truth: no index is needed to read them, and every read is verified, so
// neither a kill -9, a power cut nor a failing disk can make this store serve wrong bytes.
import { randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { access, constants, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestSizeBytes, matchesDigest } from '../digest.ts';
import { CodedError } from '../errors.ts';
import { type BlobEncoding, blobPath, decodeBlob, encodeBlob, parseBlobName } from './blob-file.ts';
import type { BlobStore } from './blob-store.ts';
import { storageError } from './storage-error.ts';
import { closeFile, openWhole, readWhole, removeFile, removeIfSame, writeWhole } from './whole-file.ts';
import { loadZstd, type Zstd } from './zstd.ts';

/** A blob as it lies on disk. */
export interface StoredBlob {
  readonly digest: Digest;
  /** Bytes the file takes, in whole blocks. */
  readonly storedSizeBytes: number;
  readonly modifiedAtMs: number;
}

export interface DiskBlobStoreOptions {
  /** The store's folder; made where it is missing, readable by its owner alone. */
  readonly dir: string;
  /** Hears of every blob that was dropped because its file was corrupt or unreadable. */
  readonly onCorrupt?: (digest: Digest) => void;
  /** The codec; the best that loads where left out. */
  readonly zstd?: Zstd;
}

const encodings: readonly BlobEncoding[] = ['zstd', 'raw'];
const blockSizeBytes = 4096;

export class DiskBlobStore implements BlobStore {
  readonly #dir: string;
  readonly #zstd: Zstd;
  readonly #onCorrupt: (digest: Digest) => void;
  // A name of its own per open store: two processes never write into one temporary file.
  readonly #temporaryPrefix = randomUUID();
  #temporaries = 0;

  private constructor(dir: string, zstd: Zstd, onCorrupt: (digest: Digest) => void) {
    this.#dir = dir;
    this.#zstd = zstd;
    this.#onCorrupt = onCorrupt;
  }

  /** Rejects with STORAGE where the folder cannot be made or written. */
  static async open({ dir, onCorrupt = () => {}, zstd }: DiskBlobStoreOptions): Promise<DiskBlobStore> {
    try {
      await mkdir(join(dir, 'blobs'), { recursive: true, mode: 0o700 });
      await access(join(dir, 'blobs'), constants.W_OK | constants.X_OK);
    } catch (error) {
      throw storageError(error, dir);
    }
    return new DiskBlobStore(dir, zstd ?? (await loadZstd()), onCorrupt);
  }

  /** Rejects with STORAGE only where the disk itself fails; a corrupt blob is dropped and is a miss. */
  async get(digest: Digest): Promise<Uint8Array | undefined> {
    if (isEmpty(digest)) return new Uint8Array(0);
    for (const encoding of encodings) {
      const path = this.#path(digest, encoding);
      const file = openWhole(path);
      if (file === undefined) continue;
      try {
        // A file is never larger than its blob: one that is has rotted, and need not be read.
        const content = file.sizeBytes > digestSizeBytes(digest) ? undefined : await readWhole(file);
        const bytes =
          content && (await decodeBlob(this.#zstd, content, encoding, digest).catch(() => undefined));
        if (bytes !== undefined && matchesDigest(bytes, digest)) return bytes;
        removeIfSame(file);
        this.#onCorrupt(digest);
      } finally {
        closeFile(file);
      }
    }
    return undefined;
  }

  /** On disk (fdatasync) when it resolves. Rejects with STORAGE where it cannot be written; what is there stays readable. */
  async put(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (!matchesDigest(bytes, digest)) throw new CodedError('REFUSED', `bytes do not match ${digest}`);
    if (isEmpty(digest)) return;
    // Reading it back costs a tenth of a synced write, and tells a good file from a rotten one.
    if (this.storedSizeBytes(digest) !== undefined && (await this.get(digest)) !== undefined) return;
    const { encoding, content } = await encodeBlob(this.#zstd, bytes);
    this.#temporaries += 1;
    const temporary = join(this.#dir, 'tmp', `${this.#temporaryPrefix}-${this.#temporaries}`);
    try {
      await writeWhole(this.#path(digest, encoding), temporary, content);
    } catch (error) {
      throw storageError(error, this.#dir);
    }
  }

  async findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    return digests.filter(digest => !isEmpty(digest) && this.storedSizeBytes(digest) === undefined);
  }

  async delete(digest: Digest): Promise<void> {
    this.deleteNow(digest);
  }

  /** As `delete`, within this turn of the event loop: no put can come between a caller's check and the removal. */
  deleteNow(digest: Digest): void {
    for (const encoding of encodings) {
      try {
        removeFile(this.#path(digest, encoding));
      } catch (error) {
        throw storageError(error, this.#dir);
      }
    }
  }

  /** Bytes that the blob's file takes on disk, in whole blocks, or undefined where there is none (nothing needs none). */
  storedSizeBytes(digest: Digest): number | undefined {
    for (const encoding of encodings) {
      try {
        const stats = lstatSync(this.#path(digest, encoding), { throwIfNoEntry: false });
        if (stats?.isFile()) return wholeBlocks(stats.size);
      } catch (error) {
        throw storageError(error, this.#dir);
      }
    }
    return undefined;
  }

  /** The names of all blobs on disk, found by looking, one shard at a time. */
  async *shards(): AsyncGenerator<readonly Digest[]> {
    for (const fn of ['blake3', 'sha256']) {
      for (let shard = 0; shard < 256; shard += 1) {
        const folder = join(this.#dir, 'blobs', fn, shard.toString(16).padStart(2, '0'));
        const names = await readdir(folder).catch(() => []);
        const digests = names.map(name => parseBlobName(fn, name)).filter(digest => digest !== undefined);
        if (digests.length > 0) yield digests;
      }
    }
  }

  /** What the file system knows of a blob, or undefined where it is gone. */
  async describe(digest: Digest): Promise<StoredBlob | undefined> {
    for (const encoding of encodings) {
      const stats = await stat(this.#path(digest, encoding)).catch(() => undefined);
      if (stats === undefined) continue;
      return { digest, storedSizeBytes: wholeBlocks(stats.size), modifiedAtMs: Math.floor(stats.mtimeMs) };
    }
    return undefined;
  }

  /** Removes what interrupted puts left behind. Only for the one process that holds the store (see BlobIndex). */
  async removeTemporaries(): Promise<void> {
    const folder = join(this.#dir, 'tmp');
    const names = await readdir(folder).catch(() => []);
    const leftovers = names.filter(name => !name.startsWith(this.#temporaryPrefix));
    await Promise.all(leftovers.map(name => rm(join(folder, name), { force: true, recursive: true })));
  }

  #path(digest: Digest, encoding: BlobEncoding): string {
    return `${this.#dir}/${blobPath(digest, encoding)}`;
  }
}

/** Whether it is the digest of no bytes: nearly every result names it, so that it is always there and has no file. */
function isEmpty(digest: Digest): boolean {
  return digestSizeBytes(digest) === 0 && matchesDigest(new Uint8Array(0), digest);
}

function wholeBlocks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockSizeBytes) * blockSizeBytes;
}
