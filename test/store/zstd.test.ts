// Either codec reads the other's frames, and neither can be made to fill the memory.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { loadZstd, nodeZstd } from '../../src/store/zstd.ts';

const best = await loadZstd();
const samples = [
  Buffer.from('x'),
  Buffer.from('text '.repeat(9_000)),
  Buffer.alloc(3_000_000, 'abc'),
  randomBytes(1_500_000),
];

test.each([
  ['the best codec', best, nodeZstd],
  ['node:zlib', nodeZstd, best],
])('frames of %s are read by both', async (_, writer, reader) => {
  for (const bytes of samples) {
    const frame = await writer.compress(bytes);
    for (const each of [writer, reader]) {
      expect(Buffer.compare(await each.decompress(frame, bytes.byteLength), bytes)).toBe(0);
    }
  }
});

test.each([
  ['the best codec', best],
  ['node:zlib', nodeZstd],
])('%s rejects a frame of another size, a bomb, a cut one and garbage', async (_, zstd) => {
  const bomb = await zstd.compress(Buffer.alloc(50_000_000));
  const frame = await zstd.compress(Buffer.from('text '.repeat(1_000)));
  for (const size of [0, 1, 4_999, 5_001, 2_000_000])
    await expect(zstd.decompress(frame, size)).rejects.toThrow();
  for (const size of [10, 2_000_000]) await expect(zstd.decompress(bomb, size)).rejects.toThrow();
  await expect(zstd.decompress(frame.subarray(0, frame.byteLength - 1), 5_000)).rejects.toThrow();
  await expect(zstd.decompress(randomBytes(200), 5_000)).rejects.toThrow();
});

test('without zstd-napi, or with one that does not work, Node’s own codec is used', async () => {
  expect((await loadZstd(() => Promise.reject(new Error('not installed')))).name).toBe('node:zlib');
  expect((await loadZstd(async () => ({ default: {} }))).name).toBe('node:zlib');
});
