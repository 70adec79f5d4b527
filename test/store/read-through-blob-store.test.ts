// Near first, then far, and what that leaves where.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { CodedError } from '../../src/errors.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';
import { ReadThroughBlobStore } from '../../src/store/read-through-blob-store.ts';

const bytes = Buffer.from('blob');
const digest = digestOf(bytes);

class FullBlobStore extends MemoryBlobStore {
  override async put(): Promise<void> {
    throw new CodedError('STORAGE', 'the disk is full');
  }
}

test('a far blob is kept nearby, and not asked for again', async () => {
  const [near, far] = [new MemoryBlobStore(), new MemoryBlobStore()];
  const store = new ReadThroughBlobStore(near, far, { isWriteThrough: false });
  await far.put(digest, bytes);
  expect(await store.findMissing([digest, digestOf('other')])).toEqual([digestOf('other')]);
  expect(await store.get(digest)).toBeDefined();
  await far.delete(digest);
  expect(await store.get(digest)).toBeDefined();
});

test('puts and deletes stay nearby, or go through', async () => {
  for (const isWriteThrough of [false, true]) {
    const [near, far] = [new MemoryBlobStore(), new MemoryBlobStore()];
    const store = new ReadThroughBlobStore(near, far, { isWriteThrough });
    await store.put(digest, bytes);
    expect(await near.get(digest)).toBeDefined();
    expect((await far.get(digest)) !== undefined).toBe(isWriteThrough);
    await far.put(digest, bytes);
    await store.delete(digest);
    expect(await near.get(digest)).toBeUndefined();
    expect((await far.get(digest)) === undefined).toBe(isWriteThrough);
  }
});

test('a full near store does not keep the reader from the far one’s blob', async () => {
  const failures: unknown[] = [];
  const far = new MemoryBlobStore();
  await far.put(digest, bytes);
  const options = { isWriteThrough: false, onFillFailed: (error: unknown) => failures.push(error) };
  const store = new ReadThroughBlobStore(new FullBlobStore(), far, options);
  expect(await store.get(digest)).toBeDefined();
  expect(failures).toMatchObject([{ code: 'STORAGE' }]);
});

test('what the far store refused is not held nearby either', async () => {
  const near = new MemoryBlobStore();
  const store = new ReadThroughBlobStore(near, new FullBlobStore(), { isWriteThrough: true });
  await expect(store.put(digest, bytes)).rejects.toMatchObject({ code: 'STORAGE' });
  expect(await near.get(digest)).toBeUndefined();
});
