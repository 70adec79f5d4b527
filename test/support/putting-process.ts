// Run as a process of its own by the kill tests: puts blobs and records as fast as it can and prints the number of each
// one only when it was acknowledged, until it is killed.
import { join } from 'node:path';
import { setTimeout } from 'node:timers';
import { DiskActionCache } from '../../src/actions/disk-action-cache.ts';
import { digestOf } from '../../src/digest.ts';
import { BlobIndex } from '../../src/store/blob-index.ts';
import { DiskBlobStore } from '../../src/store/disk-blob-store.ts';
import { EvictingBlobStore } from '../../src/store/evicting-blob-store.ts';
import { identityFromSeed } from '../../src/team/identity.ts';
import { sampleRecord } from './sample-record.ts';

/** The blob of that number: small and large, compressible and not. */
export function numberedBlob(number: number): Uint8Array {
  const size = [10, 3_000, 60_000, 400_000][number % 4]!;
  const bytes = Buffer.alloc(size, `blob ${number} `);
  for (let at = 0; at < size; at += number % 3 === 0 ? 2 : 500)
    bytes[at] = (at * 31 + number * 17 + (at >> 8)) & 0xff;
  bytes.writeUInt32LE(number);
  return bytes;
}

export const putter = identityFromSeed(Buffer.alloc(32, 9));

export const numberedAction = (number: number) => digestOf(`action ${number}`);

async function putForever(dir: string, first: number): Promise<void> {
  const index = new BlobIndex({ path: join(dir, 'blobs.sqlite') });
  const clock = {
    nowMs: () => Date.now(),
    schedule: (delayMs: number, callback: () => void) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
  const store = new EvictingBlobStore(await DiskBlobStore.open({ dir }), index, {
    sizeBytesMax: 1e12,
    clock,
  });
  await store.recover();
  const cache = new DiskActionCache({ path: join(dir, 'records.sqlite') });
  let next = first;
  const putOn = async () => {
    for (;;) {
      const number = next;
      next += 1;
      const bytes = numberedBlob(number);
      await store.put(digestOf(bytes), bytes);
      await cache.put(sampleRecord(putter, { action: numberedAction(number) }));
      process.stdout.write(`${number}\n`);
    }
  };
  await Promise.all([putOn(), putOn(), putOn(), putOn()]);
}

if (import.meta.main) await putForever(process.argv[2]!, Number(process.argv[3]));
