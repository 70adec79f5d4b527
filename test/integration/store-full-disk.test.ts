// A disk that fills up, for real: a tiny tmpfs of its own. What is stored stays readable, and the error says what to do.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { DiskActionCache } from '../../src/actions/disk-action-cache.ts';
import { digestOf } from '../../src/digest.ts';
import { BlobIndex } from '../../src/store/blob-index.ts';
import { DiskBlobStore } from '../../src/store/disk-blob-store.ts';
import { EvictingBlobStore } from '../../src/store/evicting-blob-store.ts';
import { generateIdentity } from '../../src/team/identity.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { sampleRecord } from '../support/sample-record.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const full = {
  code: 'STORAGE',
  message: expect.stringContaining('full'),
  hint: expect.stringContaining('space'),
};

/** A folder on a file system of one mebibyte, or a skip where mounting is not allowed. */
async function tinyDisk(context: TestContext): Promise<string> {
  const dir = join(await temporaryFolder(), 'disk');
  mkdirSync(dir);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'p2pcache-test', dir], { stdio: 'pipe' });
  } catch (error) {
    context.skip(`a full disk needs the right to mount a tmpfs: ${(error as Error).message}`);
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true });
  });
  return dir;
}

async function openStore(dir: string) {
  const index = new BlobIndex({ path: join(dir, 'blobs.sqlite') });
  const disk = await DiskBlobStore.open({ dir });
  const store = new EvictingBlobStore(disk, index, { sizeBytesMax: 1e9, clock: new ManualClock() });
  const cache = new DiskActionCache({ path: join(dir, 'records.sqlite') });
  return { store, cache };
}

test('a full disk refuses puts with what to do, serves what it has, and works again once there is space', async context => {
  const dir = await tinyDisk(context);
  const alice = generateIdentity();
  const { store, cache } = await openStore(dir);
  const kept = Buffer.from('kept before the disk was full');
  await store.put(digestOf(kept), kept);
  await cache.put(sampleRecord(alice, { action: digestOf('kept') }));
  await writeFile(join(dir, 'ballast'), Buffer.alloc(2_000_000)).catch(() => {});

  const blob = randomBytes(300_000);
  await expect(store.put(digestOf(blob), blob)).rejects.toMatchObject(full);
  const record = sampleRecord(alice, { action: digestOf('large'), origin: 'upload' });
  const putMany = async () => {
    for (let each = 0; each < 200; each += 1) {
      await cache.put({
        ...record,
        action: digestOf(`many ${each}`),
        signature: randomBytes(64),
        bytes: randomBytes(9_000),
      });
    }
  };
  await expect(putMany()).rejects.toMatchObject(full);
  await store.settled();
  expect(Buffer.from((await store.get(digestOf(kept)))!)).toEqual(kept);
  expect(await store.get(digestOf(blob))).toBeUndefined();
  expect(await cache.get(digestOf('kept'))).toHaveLength(1);

  await store.close();
  cache.close();
  const reopened = await openStore(dir);
  expect(Buffer.from((await reopened.store.get(digestOf(kept)))!)).toEqual(kept);
  expect(await reopened.cache.get(digestOf('kept'))).toHaveLength(1);
  rmSync(join(dir, 'ballast'));
  await reopened.store.put(digestOf(blob), blob);
  expect(await reopened.store.get(digestOf(blob))).toBeDefined();
  await reopened.store.close();
  reopened.cache.close();
});

test('a store cannot be made on a full disk, and says so', async context => {
  const dir = await tinyDisk(context);
  await writeFile(join(dir, 'ballast'), Buffer.alloc(2_000_000)).catch(() => {});
  expect(() => new DiskActionCache({ path: join(dir, 'records.sqlite') })).toThrow(
    expect.objectContaining(full),
  );
});

test('a store on a read-only disk is refused with what to do', async context => {
  const dir = await tinyDisk(context);
  const { store, cache } = await openStore(dir);
  await store.close();
  cache.close();
  execFileSync('mount', ['-o', 'remount,ro', dir]);
  const refused = { code: 'STORAGE', hint: expect.stringContaining('writable') };
  await expect(DiskBlobStore.open({ dir })).rejects.toMatchObject(refused);
  expect(() => new BlobIndex({ path: join(dir, 'blobs.sqlite') })).toThrow(expect.objectContaining(refused));
});
