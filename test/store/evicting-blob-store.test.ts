// The bound of the disk store: what goes, what stays, and what a kill leaves behind.
import { randomBytes } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { blobPath } from '../../src/store/blob-file.ts';
import { BlobIndex } from '../../src/store/blob-index.ts';
import { DiskBlobStore } from '../../src/store/disk-blob-store.ts';
import { EvictingBlobStore } from '../../src/store/evicting-blob-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// Random, so that each takes exactly this much on disk.
const sizeBytes = 8_192;
const blobs = Array.from({ length: 12 }, () => randomBytes(sizeBytes));
const digests = blobs.map(bytes => digestOf(bytes));

async function openStore(dir: string, { blobsMax = 10, clock = new ManualClock(), ageMsMax = 0 } = {}) {
  const evicted: Digest[] = [];
  const errors: unknown[] = [];
  const index = new BlobIndex({ path: join(dir, 'blobs.sqlite') });
  const disk = await DiskBlobStore.open({ dir });
  const store = new EvictingBlobStore(disk, index, {
    sizeBytesMax: blobsMax * sizeBytes,
    ageMsMax,
    clock,
    onEvicted: digest => evicted.push(digest),
    onError: error => errors.push(error),
  });
  onTestFinished(() => store.close());
  const put = async (at: number) => {
    await store.put(digests[at]!, blobs[at]!);
    clock.advance(10);
  };
  return { store, index, disk, clock, evicted, errors, put };
}

test('past its size, the least recently used go until a tenth is free', async () => {
  const { store, clock, evicted, put } = await openStore(await temporaryFolder());
  for (let at = 0; at < 10; at += 1) await put(at);
  await store.settled();
  expect(evicted).toEqual([]);
  await store.get(digests[0]!);
  clock.advance(10);
  await put(10);
  await store.settled();
  expect(evicted).toEqual([digests[1], digests[2]]);
  expect(await store.findMissing(digests.slice(0, 11))).toEqual(evicted);
  expect(store.sizeBytes).toBe(9 * sizeBytes);
});

test('evicts by itself within a second', async () => {
  const { store, clock, evicted, put } = await openStore(await temporaryFolder());
  for (let at = 0; at < 12; at += 1) await put(at);
  expect(evicted).toEqual([]);
  clock.advance(1_000);
  await store.settled();
  expect(evicted).toEqual(digests.slice(0, 3));
});

test('what is pinned stays, until every pin is gone', async () => {
  const { store, evicted, put } = await openStore(await temporaryFolder());
  const unpin = store.pin([digests[0]!, digests[1]!]);
  const unpinAgain = store.pin([digests[0]!]);
  for (let at = 0; at < 11; at += 1) await put(at);
  await store.settled();
  expect(evicted).toEqual([digests[2], digests[3]]);
  unpin();
  for (const at of [2, 3]) await put(at);
  await store.settled();
  expect(evicted.slice(2)).toEqual([digests[1], digests[4]]);
  unpinAgain();
  for (const at of [1, 4]) await put(at);
  await store.settled();
  expect(evicted.slice(4)).toEqual([digests[0], digests[5]]);
});

test('with everything pinned, nothing is evicted and nothing hangs', async () => {
  const { store, evicted, put } = await openStore(await temporaryFolder(), { blobsMax: 2 });
  store.pin(digests);
  for (let at = 0; at < 12; at += 1) await put(at);
  await store.settled();
  expect(evicted).toEqual([]);
});

test('putting a blob twice counts it once', async () => {
  const { store, put } = await openStore(await temporaryFolder());
  for (const at of [0, 0, 1, 0]) await put(at);
  await store.settled();
  await put(0);
  await store.settled();
  expect(store.sizeBytes).toBe(2 * sizeBytes);
  await store.delete(digests[0]!);
  expect(store.sizeBytes).toBe(sizeBytes);
});

test('closed in good order, the next opening knows sizes and uses without a scan', async () => {
  const dir = await temporaryFolder();
  const first = await openStore(dir);
  for (let at = 0; at < 10; at += 1) await first.put(at);
  await first.store.get(digests[0]!);
  await first.store.close();
  const { store, index, evicted, put } = await openStore(dir, { clock: first.clock });
  expect(index.needsScan).toBe(false);
  expect(store.sizeBytes).toBe(10 * sizeBytes);
  await put(10);
  await store.settled();
  expect(evicted).toEqual([digests[1], digests[2]]);
});

test('after a kill, blobs that the index never heard of are found and counted', async () => {
  const dir = await temporaryFolder();
  const killed = await openStore(dir);
  for (let at = 0; at < 5; at += 1) await killed.put(at);
  // What a kill leaves: the database as it is now, with none of the five written to it.
  for (const suffix of ['', '-wal'])
    await copyFile(join(dir, `blobs.sqlite${suffix}`), join(dir, `left.sqlite${suffix}`));
  const index = new BlobIndex({ path: join(dir, 'left.sqlite') });
  expect(index.needsScan).toBe(true);
  expect(index.sizeBytes).toBe(0);
  const store = new EvictingBlobStore(killed.disk, index, { sizeBytesMax: 1e9, clock: new ManualClock() });
  await store.recover();
  expect(store.sizeBytes).toBe(5 * sizeBytes);
  expect(index.needsScan).toBe(false);
  await store.close();
});

test('an index that is garbage is begun anew, and every blob is still there', async () => {
  const dir = await temporaryFolder();
  const first = await openStore(dir);
  for (let at = 0; at < 5; at += 1) await first.put(at);
  await first.store.close();
  await writeFile(join(dir, 'blobs.sqlite'), randomBytes(20_000));
  const { store, index, errors } = await openStore(dir);
  expect(index.needsScan).toBe(true);
  await store.recover();
  expect(errors).toEqual([]);
  expect(store.sizeBytes).toBe(5 * sizeBytes);
  expect(await store.findMissing(digests.slice(0, 5))).toEqual([]);
});

const hourMs = 3_600_000;

test('what was not used for longer than the age limit goes within the hour, whatever room there is', async () => {
  const { store, clock, evicted, put } = await openStore(await temporaryFolder(), { ageMsMax: 24 * hourMs });
  await store.recover();
  for (const at of [0, 1]) await put(at);
  clock.advance(20 * hourMs);
  await store.settled();
  await store.get(digests[1]!);
  await put(2);
  for (let hour = 0; hour < 5; hour += 1) {
    clock.advance(hourMs);
    await store.settled();
  }
  expect(evicted).toEqual([digests[0]]);
});

test('a use that was answered from memory keeps a blob as much as one from disk', async () => {
  const { store, clock, evicted, put } = await openStore(await temporaryFolder());
  for (let at = 0; at < 10; at += 1) await put(at);
  store.touch(digests[0]!);
  clock.advance(10);
  await put(10);
  await store.settled();
  expect(evicted).toEqual([digests[1], digests[2]]);
});

test('a sweep brings it within the limits that are given, and says what went', async () => {
  const { store, clock, put } = await openStore(await temporaryFolder());
  for (let at = 0; at < 4; at += 1) await put(at);
  expect(await store.sweep({ sizeBytesMax: 3 * sizeBytes, ageMsMax: 0 })).toEqual({
    blobs: 1,
    bytes: sizeBytes,
  });
  clock.advance(hourMs);
  await put(4);
  expect(await store.sweep({ sizeBytesMax: 1e9, ageMsMax: hourMs })).toEqual({
    blobs: 3,
    bytes: 3 * sizeBytes,
  });
  expect(store.sizeBytes).toBe(sizeBytes);
});

test('a check drops what is corrupt and is no use of what is sound', async () => {
  const dir = await temporaryFolder();
  const { store, clock, evicted, put } = await openStore(dir);
  for (let at = 0; at < 10; at += 1) await put(at);
  await store.settled();
  expect(await store.check(digests[0]!)).toBe(true);
  await writeFile(join(dir, blobPath(digests[1]!, 'raw')), randomBytes(sizeBytes));
  expect(await store.check(digests[1]!)).toBe(false);
  expect(store.sizeBytes).toBe(9 * sizeBytes);
  clock.advance(10);
  for (const at of [1, 10]) await put(at);
  await store.settled();
  expect(evicted).toEqual([digests[0], digests[2]]);
});

test('cleared, it is empty and goes on', async () => {
  const { store, put } = await openStore(await temporaryFolder());
  for (let at = 0; at < 5; at += 1) await put(at);
  await store.settled();
  expect(await store.clear()).toEqual({ blobs: 5, bytes: 5 * sizeBytes });
  expect(store.sizeBytes).toBe(0);
  await put(0);
  await store.settled();
  expect(store.sizeBytes).toBe(sizeBytes);
});
