// What only a disk can do to blobs: rot, fill up, be cut off in the middle.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { DiskBlobStore } from '../../src/store/disk-blob-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const text = Buffer.from('static int answer = 42;\n'.repeat(500));
const noise = randomBytes(9_000);
const large = Buffer.concat([Buffer.alloc(2_000_000, 'compressible '), randomBytes(64)]);

async function openStore(dir: string) {
  const corrupt: Digest[] = [];
  const store = await DiskBlobStore.open({ dir, onCorrupt: digest => corrupt.push(digest) });
  return { store, corrupt };
}

async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
}

type Damage = (path: string) => Promise<void>;
const damages: [string, Damage][] = [
  ['one bit flipped', path => flipBit(path, 0.5)],
  ['the last bit flipped', path => flipBit(path, 1)],
  ['cut in half', async path => truncate(path, (await stat(path)).size >> 1)],
  ['emptied', path => truncate(path, 0)],
  ['grown larger than its blob', async path => writeFile(path, randomBytes(3_000_000))],
  ['replaced with garbage', async path => writeFile(path, randomBytes(700))],
];

async function flipBit(path: string, at: number): Promise<void> {
  const content = await readFile(path);
  content[Math.min(content.length - 1, Math.floor(content.length * at))]! ^= 1;
  await writeFile(path, content);
}

test.each(damages)(
  'a file that was %s is dropped, counted and a miss; then it can be put again',
  async (_, damage) => {
    const dir = await temporaryFolder();
    const { store, corrupt } = await openStore(dir);
    for (const bytes of [text, noise, large]) {
      const digest = digestOf(bytes);
      await store.put(digest, bytes);
      const [path] = await filesIn(dir);
      await damage(path!);
      expect(await store.get(digest)).toBeUndefined();
      expect(corrupt.splice(0)).toEqual([digest]);
      expect(await filesIn(dir)).toEqual([]);
      await store.put(digest, bytes);
      expect(Buffer.compare((await store.get(digest))!, bytes)).toBe(0);
      await store.delete(digest);
    }
  },
);

test('a put over a rotten file mends it', async () => {
  const dir = await temporaryFolder();
  const { store } = await openStore(dir);
  await store.put(digestOf(noise), noise);
  await flipBit((await filesIn(dir))[0]!, 0.3);
  await store.put(digestOf(noise), noise);
  expect(Buffer.compare((await store.get(digestOf(noise)))!, noise)).toBe(0);
});

test('compresses where it pays, and only there', async () => {
  const dir = await temporaryFolder();
  const { store } = await openStore(dir);
  for (const bytes of [text, noise, large, randomBytes(3_000_000)]) await store.put(digestOf(bytes), bytes);
  const names = (await filesIn(dir)).map(path => path.slice(-4) === '.zst');
  expect(names.filter(isCompressed => isCompressed)).toHaveLength(2);
  expect(store.storedSizeBytes(digestOf(text))).toBe(4_096);
  expect(store.storedSizeBytes(digestOf(noise))).toBe(12_288);
});

test('another opening finds every blob, by get and by looking', async () => {
  const dir = await temporaryFolder();
  const { store } = await openStore(dir);
  const digests = [digestOf(text), digestOf(noise, 'sha256'), digestOf(large)];
  for (const [at, bytes] of [text, noise, large].entries()) await store.put(digests[at]!, bytes);
  await writeFile(join(dir, 'blobs', 'blake3', 'notes.txt'), 'not a blob');
  const { store: reopened } = await openStore(dir);
  expect(await reopened.findMissing(digests)).toEqual([]);
  const found: Digest[] = [];
  for await (const shard of reopened.shards()) found.push(...shard);
  expect(found.sort()).toEqual([...digests].sort());
  expect((await reopened.describe(digests[2]!))?.storedSizeBytes).toBe(store.storedSizeBytes(digests[2]!));
});

test('nobody else may read the files: outputs can hold secrets', async () => {
  const dir = await temporaryFolder();
  const { store } = await openStore(dir);
  await store.put(digestOf(text), text);
  expect((await stat((await filesIn(dir))[0]!)).mode & 0o077).toBe(0);
});

test('half-written files of a killed process go, ours stay', async () => {
  const dir = await temporaryFolder();
  const { store } = await openStore(dir);
  await store.put(digestOf(text), text);
  await writeFile(join(dir, 'tmp', 'another-process-1'), 'half');
  await store.removeTemporaries();
  expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  expect(await store.get(digestOf(text))).toBeDefined();
});

test('a folder deleted under the running store is made again', async () => {
  const dir = await temporaryFolder();
  const { store } = await openStore(dir);
  await store.put(digestOf(text), text);
  await rm(dir, { recursive: true });
  expect(await store.get(digestOf(text))).toBeUndefined();
  await store.put(digestOf(text), text);
  expect(await store.get(digestOf(text))).toBeDefined();
});

test('a folder that cannot be made or written is a STORAGE error that says what to do', async context => {
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'file'), '');
  const blocked = DiskBlobStore.open({ dir: join(dir, 'file', 'store') });
  await expect(blocked).rejects.toMatchObject({ code: 'STORAGE', hint: expect.stringContaining('folder') });
  if (process.getuid?.() === 0)
    return context.skip('root may write anywhere, so a read-only folder proves nothing');
  await mkdir(join(dir, 'locked'));
  await chmod(join(dir, 'locked'), 0o500);
  const locked = DiskBlobStore.open({ dir: join(dir, 'locked') });
  await expect(locked).rejects.toMatchObject({ code: 'STORAGE', hint: expect.stringContaining('writable') });
});
