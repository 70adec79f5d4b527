// The zstd codec of the store: the optional zstd-napi where it can be loaded (it compresses small blobs 2–4 times faster), Node's own
// elsewhere. Both write ordinary zstd frames and read each other's, so a store outlives a change between them.
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';

export interface Zstd {
  readonly name: 'zstd-napi' | 'node:zlib';
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** Exactly `sizeBytes` bytes, never more in memory; rejects where the frame is malformed or holds another number. */
  decompress(frame: Uint8Array, sizeBytes: number): Promise<Uint8Array>;
}

// A fast level: a local hit must not wait for the codec, and disk is cheap. Lower ones gain little (measured with Node's on 120 MB of
// crates: level 1 takes 0.33 s and leaves 31 MB, -3 0.28 s and 42 MB). Node takes -1 for "not set", which is level 3: 0.51 s.
const level = 1;
/** From here on the work goes to Node's thread pool, which costs ~0.1 ms but leaves the daemon's thread free. */
const threadPoolFromBytes = 1024 * 1024;
const chunkSizeBytesMax = 1024 * 1024;

/** The part of zstd-napi's low-level binding that is used here. */
interface NativeBinding {
  readonly CCtx: new () => { compress(target: Uint8Array, source: Uint8Array, level: number): number };
  compressBound(sizeBytes: number): number;
  decompress(target: Uint8Array, source: Uint8Array): number;
}

/** The best codec that loads here. `load` is for tests; it rejects where zstd-napi is not installed. */
export async function loadZstd(load: () => Promise<unknown> = importNative): Promise<Zstd> {
  try {
    const module = (await load()) as { default: NativeBinding };
    const native = nativeZstd(module.default);
    // A binding that loads but does not work (another ABI, a stub) must show here, not on a build's first hit.
    await native.decompress(await native.compress(Buffer.from('probe')), 5);
    return native;
  } catch {
    return nodeZstd;
  }
}

function importNative(): Promise<unknown> {
  // A name in a variable: the optional dependency may be absent when types are checked, too.
  const specifier = 'zstd-napi/binding.js';
  return import(specifier);
}

function nativeZstd(binding: NativeBinding): Zstd {
  const context = new binding.CCtx();
  return {
    name: 'zstd-napi',
    async compress(bytes) {
      if (bytes.byteLength >= threadPoolFromBytes) return nodeZstd.compress(bytes);
      const target = Buffer.allocUnsafe(binding.compressBound(bytes.byteLength));
      return target.subarray(0, context.compress(target, bytes, level));
    },
    async decompress(frame, sizeBytes) {
      if (sizeBytes >= threadPoolFromBytes) return nodeZstd.decompress(frame, sizeBytes);
      const target = Buffer.allocUnsafe(sizeBytes);
      return ofSize(target.subarray(0, binding.decompress(target, frame)), sizeBytes);
    },
  };
}

const compressInPool = promisify(zstdCompress);
const decompressInPool = promisify(zstdDecompress);

/** Node's own codec, always there. */
export const nodeZstd: Zstd = {
  name: 'node:zlib',
  async compress(bytes) {
    const isSmall = bytes.byteLength < threadPoolFromBytes;
    const params = { [constants.ZSTD_c_compressionLevel]: level };
    const options = { params, chunkSize: chunkSize(bytes.byteLength) };
    return isSmall ? zstdCompressSync(bytes, options) : compressInPool(bytes, options);
  },
  async decompress(frame, sizeBytes) {
    const options = { maxOutputLength: Math.max(1, sizeBytes), chunkSize: chunkSize(sizeBytes) };
    const isSmall = sizeBytes < threadPoolFromBytes;
    return ofSize(
      isSmall ? zstdDecompressSync(frame, options) : await decompressInPool(frame, options),
      sizeBytes,
    );
  },
};

function chunkSize(sizeBytes: number): number {
  return Math.min(chunkSizeBytesMax, Math.max(64, sizeBytes));
}

function ofSize(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  if (bytes.byteLength !== sizeBytes)
    throw new RangeError(`zstd frame holds ${bytes.byteLength} bytes, not ${sizeBytes}`);
  return bytes;
}
