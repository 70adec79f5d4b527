// No hit without its blobs.
import { expect, test } from 'vitest';
import { CompleteActionCache } from '../../src/actions/complete-action-cache.ts';
import { MemoryActionCache } from '../../src/actions/memory-action-cache.ts';
import { type Digest, digestOf, emptyDigest } from '../../src/digest.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';
import { generateIdentity } from '../../src/team/identity.ts';
import { sampleRecord } from '../support/sample-record.ts';

const [alice, bob] = [generateIdentity(), generateIdentity()];
const action = digestOf('action');

async function complete(...blobs: string[]) {
  const store = new MemoryBlobStore();
  for (const blob of blobs) await store.put(digestOf(blob), Buffer.from(blob));
  const missing: (readonly Digest[])[] = [];
  const cache = new CompleteActionCache(new MemoryActionCache(), store, (_, lacks) => missing.push(lacks));
  return { cache, store, missing };
}

test('a record counts once every blob it names is there, and no longer than that', async () => {
  const { cache, store, missing } = await complete('object');
  await cache.put(sampleRecord(alice, { action }));
  expect(await cache.get(action)).toEqual([]);
  expect(missing).toEqual([[digestOf('warning')]]);
  await store.put(digestOf('warning'), Buffer.from('warning'));
  expect(await cache.get(action)).toHaveLength(1);
  await store.delete(digestOf('object'));
  expect(await cache.get(action)).toEqual([]);
});

test('one signer’s record that lacks a blob does not hide another’s that is complete', async () => {
  const { cache } = await complete('object', 'warning');
  const { result } = sampleRecord(alice);
  await cache.put(sampleRecord(alice, { action, result: { ...result, stdout: digestOf('absent') } }));
  await cache.put(sampleRecord(bob, { action }));
  expect((await cache.get(action)).map(record => record.signer)).toEqual([bob.key]);
});

test('the empty blob always is at hand', async () => {
  const { cache } = await complete();
  const result = { outputFiles: [], stdout: emptyDigest, stderr: emptyDigest, exitCode: 0 };
  await cache.put(sampleRecord(alice, { action, result }));
  expect(await cache.get(action)).toHaveLength(1);
});
