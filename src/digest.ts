// Digests: the one name for immutable bytes, REAPI's Digest as a single string so that it can key a Map.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { Blake3Hasher, blake3 } from '@napi-rs/blake-hash';

/** `<function>/<hash in lower-case hex>/<size in bytes>`, e.g. `blake3/af13…/0`: the order of REAPI resource names. */
export type Digest = string & { readonly brand: 'Digest' };

export type DigestFunction = 'blake3' | 'sha256';

const pattern = /^(blake3|sha256)\/([0-9a-f]{64})\/(0|[1-9][0-9]{0,14})$/;

/** The digest of these bytes. */
export function digestOf(bytes: Uint8Array | string, fn: DigestFunction = 'blake3'): Digest {
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  const hash =
    fn === 'blake3' ? blake3(data).toString('hex') : createHash('sha256').update(data).digest('hex');
  return `${fn}/${hash}/${data.byteLength}` as Digest;
}

/** As much of a file as is held at once: a compiler's libraries have hundreds of megabytes. */
const piece = Buffer.allocUnsafeSlow(1024 * 1024);

/** The digest of what can be read at this path now. Throws what the file system throws. */
export function digestOfFile(path: string): Digest {
  const file = openSync(path, 'r');
  try {
    const hasher = new Blake3Hasher();
    let sizeBytes = 0;
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      hasher.update(piece.subarray(0, read));
      sizeBytes += read;
    }
    return `blake3/${hasher.digest('hex')}/${sizeBytes}` as Digest;
  } finally {
    closeSync(file);
  }
}

/** Whether `bytes` are what `digest` names. */
export function matchesDigest(bytes: Uint8Array, digest: Digest): boolean {
  return digestSizeBytes(digest) === bytes.byteLength && digestOf(bytes, digestFunction(digest)) === digest;
}

/** The digest that a text spells, or undefined where it spells none. */
export function parseDigest(text: unknown): Digest | undefined {
  return typeof text === 'string' && pattern.test(text) ? (text as Digest) : undefined;
}

export function makeDigest(fn: DigestFunction, hash: string, sizeBytes: number): Digest {
  const digest = parseDigest(`${fn}/${hash}/${sizeBytes}`);
  if (digest === undefined) throw new TypeError(`not a digest: ${fn}/${hash}/${sizeBytes}`);
  return digest;
}

export function digestFunction(digest: Digest): DigestFunction {
  return digest.startsWith('blake3/') ? 'blake3' : 'sha256';
}

/** The hash in lower-case hex, 64 characters. */
export function digestHash(digest: Digest): string {
  const start = digest.indexOf('/') + 1;
  return digest.slice(start, start + 64);
}

export function digestSizeBytes(digest: Digest): number {
  return Number(digest.slice(digest.lastIndexOf('/') + 1));
}

/** The digest of no bytes at all. */
export const emptyDigest: Digest = digestOf(new Uint8Array(0));
