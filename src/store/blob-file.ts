// One blob as one file: how it is named and how its bytes are encoded. The name alone says the digest and the encoding, so
// that a folder of blobs can be indexed again without reading them.
//   blobs/<function>/<first two hex>/<hash>-<size>        the bytes as they are
//   blobs/<function>/<first two hex>/<hash>-<size>.zst    one zstd frame of them
import { join } from 'node:path';
import { type Digest, digestFunction, digestHash, digestSizeBytes, parseDigest } from '../digest.ts';
import type { Zstd } from './zstd.ts';

export type BlobEncoding = 'raw' | 'zstd';

const suffixes: Readonly<Record<BlobEncoding, string>> = { raw: '', zstd: '.zst' };

/** Below this a file takes one block of the disk whether compressed or not. */
const compressFromBytes = 1024;
/** Bytes of a large blob that are compressed on trial before the whole is. */
const sampleSizeBytes = 64 * 1024;
/** Compression pays when it saves at least a tenth. */
const worthwhileRatio = 0.9;

/** The shard folder of a blob, relative to the store's folder. */
function blobFolder(digest: Digest): string {
  return join('blobs', digestFunction(digest), digestHash(digest).slice(0, 2));
}

/** The file of a blob in that encoding, relative to the store's folder. */
export function blobPath(digest: Digest, encoding: BlobEncoding): string {
  return `${blobFolder(digest)}/${digestHash(digest)}-${digestSizeBytes(digest)}${suffixes[encoding]}`;
}

/** The digest that a file name in a shard folder of `fn` spells, or undefined where it is no blob's. */
export function parseBlobName(fn: string, name: string): Digest | undefined {
  const match = /^([0-9a-f]{64})-([0-9]+)(?:\.zst)?$/.exec(name);
  return match === null ? undefined : parseDigest(`${fn}/${match[1]}/${match[2]}`);
}

/** The bytes to write for a blob: compressed where that pays. */
export async function encodeBlob(
  zstd: Zstd,
  bytes: Uint8Array,
): Promise<{ readonly encoding: BlobEncoding; readonly content: Uint8Array }> {
  const raw = { encoding: 'raw', content: bytes } as const;
  if (bytes.byteLength < compressFromBytes) return raw;
  if (bytes.byteLength > 4 * sampleSizeBytes) {
    // From the middle: the head of an archive or an object file is unlike the rest.
    const start = Math.floor(bytes.byteLength / 2);
    const sample = bytes.subarray(start, start + sampleSizeBytes);
    if ((await zstd.compress(sample)).byteLength > sample.byteLength * worthwhileRatio) return raw;
  }
  const content = await zstd.compress(bytes);
  return content.byteLength > bytes.byteLength * worthwhileRatio ? raw : { encoding: 'zstd', content };
}

/** The blob's bytes; rejects where the content cannot be those. Whether they match the digest is still to be checked. */
export async function decodeBlob(
  zstd: Zstd,
  content: Uint8Array,
  encoding: BlobEncoding,
  digest: Digest,
): Promise<Uint8Array> {
  return encoding === 'raw' ? content : zstd.decompress(content, digestSizeBytes(digest));
}
