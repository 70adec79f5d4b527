// The bound of the memory tier.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';

const blobs = ['a', 'b', 'c', 'd'].map(letter => Buffer.from(letter.repeat(100)));
const digests = blobs.map(bytes => digestOf(bytes));

test('drops the least recently used blob once it is full', async () => {
  const store = new MemoryBlobStore({ sizeBytesMax: 300 });
  for (const at of [0, 1, 2]) await store.put(digests[at]!, blobs[at]!);
  await store.get(digests[0]!);
  await store.put(digests[3]!, blobs[3]!);
  expect(await store.findMissing(digests)).toEqual([digests[1]]);
  expect(store.sizeBytes).toBe(300);
});

test('counts a blob once however often it is put, and nothing once it is deleted', async () => {
  const store = new MemoryBlobStore({ sizeBytesMax: 300 });
  for (let each = 0; each < 5; each += 1) await store.put(digests[0]!, blobs[0]!);
  expect(store.sizeBytes).toBe(100);
  await store.delete(digests[0]!);
  expect(store.sizeBytes).toBe(0);
});

test('a blob larger than the whole tier pushes nothing out', async () => {
  const store = new MemoryBlobStore({ sizeBytesMax: 300 });
  await store.put(digests[0]!, blobs[0]!);
  const large = Buffer.alloc(301);
  await store.put(digestOf(large), large);
  expect(await store.get(digestOf(large))).toBeUndefined();
  expect(await store.get(digests[0]!)).toBeDefined();
});
