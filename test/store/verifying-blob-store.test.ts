// A store that lies must not be believed.
import { expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';
import { VerifyingBlobStore } from '../../src/store/verifying-blob-store.ts';

/** Answers every get with the same bytes, and counts the puts that reach it. */
class LyingBlobStore extends MemoryBlobStore implements BlobStore {
  puts = 0;
  override async get(): Promise<Uint8Array> {
    return Buffer.from('lie!');
  }
  override async put(): Promise<void> {
    this.puts += 1;
  }
}

test('bytes that do not match are a miss, and reported', async () => {
  const mismatches: Digest[] = [];
  const store = new VerifyingBlobStore(new LyingBlobStore(), digest => mismatches.push(digest));
  expect(await store.get(digestOf('true'))).toBeUndefined();
  expect(mismatches).toEqual([digestOf('true')]);
  expect(Buffer.from((await store.get(digestOf('lie!')))!).toString()).toBe('lie!');
  expect(mismatches).toHaveLength(1);
});

test('bytes that do not match never reach the store', async () => {
  const inner = new LyingBlobStore();
  const store = new VerifyingBlobStore(inner);
  await expect(store.put(digestOf('true'), Buffer.from('fals'))).rejects.toMatchObject({ code: 'REFUSED' });
  expect(inner.puts).toBe(0);
});
