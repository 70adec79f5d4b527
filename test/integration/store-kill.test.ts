// Kill -9 in the middle of puts, again and again on one store: whatever was acknowledged is there afterwards, and sound.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DiskActionCache } from '../../src/actions/disk-action-cache.ts';
import { digestOf } from '../../src/digest.ts';
import { BlobIndex } from '../../src/store/blob-index.ts';
import { DiskBlobStore } from '../../src/store/disk-blob-store.ts';
import { EvictingBlobStore } from '../../src/store/evicting-blob-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { numberedAction, numberedBlob } from '../support/putting-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const script = fileURLToPath(new URL('../support/putting-process.ts', import.meta.url));

/** Lets a process put from `first` on, and kills it once it has acknowledged `count`; gives all it acknowledged. */
async function putAndKill(dir: string, first: number, count: number): Promise<number[]> {
  const args = ['--disable-warning=ExperimentalWarning', script, dir, String(first)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: number[] = [];
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  expect((await exited)[1]).toBe('SIGKILL');
  return acknowledged;
}

test('nothing acknowledged is lost', async () => {
  const dir = await temporaryFolder();
  const acknowledged: number[] = [];
  for (const [round, count] of [1, 7, 60, 200, 333].entries()) {
    acknowledged.push(...(await putAndKill(dir, round * 10_000, count)));
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(601);

  const corrupt: string[] = [];
  const disk = await DiskBlobStore.open({ dir, onCorrupt: digest => corrupt.push(digest) });
  const index = new BlobIndex({ path: join(dir, 'blobs.sqlite') });
  const store = new EvictingBlobStore(disk, index, { sizeBytesMax: 1e12, clock: new ManualClock() });
  expect(index.needsScan).toBe(true);
  await store.recover();
  const cache = new DiskActionCache({
    path: join(dir, 'records.sqlite'),
    onCorrupt: action => corrupt.push(action),
  });
  let storedBytes = 0;
  for (const number of acknowledged) {
    const bytes = numberedBlob(number);
    expect(Buffer.compare((await store.get(digestOf(bytes)))!, bytes)).toBe(0);
    storedBytes += disk.storedSizeBytes(digestOf(bytes))!;
    expect(await cache.get(numberedAction(number))).toHaveLength(1);
  }
  expect(corrupt).toEqual([]);
  expect(store.sizeBytes).toBeGreaterThanOrEqual(storedBytes);
  expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  await store.close();
  cache.close();
});
