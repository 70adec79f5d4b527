// The contract on every store that holds blobs or stands in front of one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobIndex } from '../../src/store/blob-index.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';
import { CoalescingBlobStore } from '../../src/store/coalescing-blob-store.ts';
import { DiskBlobStore } from '../../src/store/disk-blob-store.ts';
import { EvictingBlobStore } from '../../src/store/evicting-blob-store.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';
import { ReadThroughBlobStore } from '../../src/store/read-through-blob-store.ts';
import { VerifyingBlobStore } from '../../src/store/verifying-blob-store.ts';
import { nodeZstd } from '../../src/store/zstd.ts';
import { blobStoreContract, type OpenedBlobStore } from '../contracts/blob-store-contract.ts';
import { ManualClock } from '../support/manual-clock.ts';

const inMemory = (store: BlobStore) => async () => ({ store, close: async () => {} });

async function onDisk(
  open: (dir: string) => Promise<{ store: BlobStore; close?: () => Promise<void> }>,
): Promise<OpenedBlobStore> {
  const dir = await mkdtemp(join(tmpdir(), 'p2pcache-test-'));
  const { store, close } = await open(dir);
  return {
    store,
    close: async () => {
      await close?.();
      await rm(dir, { recursive: true });
    },
  };
}

blobStoreContract('MemoryBlobStore', () => inMemory(new MemoryBlobStore())());
blobStoreContract('DiskBlobStore', () => onDisk(async dir => ({ store: await DiskBlobStore.open({ dir }) })));
blobStoreContract('DiskBlobStore without zstd-napi', () =>
  onDisk(async dir => ({ store: await DiskBlobStore.open({ dir, zstd: nodeZstd }) })),
);
blobStoreContract('EvictingBlobStore', () =>
  onDisk(async dir => {
    const disk = await DiskBlobStore.open({ dir });
    const index = new BlobIndex({ path: join(dir, 'blobs.sqlite') });
    const store = new EvictingBlobStore(disk, index, { sizeBytesMax: 1e9, clock: new ManualClock() });
    return { store, close: () => store.close() };
  }),
);
blobStoreContract('VerifyingBlobStore', () => inMemory(new VerifyingBlobStore(new MemoryBlobStore()))());
blobStoreContract('CoalescingBlobStore', () => inMemory(new CoalescingBlobStore(new MemoryBlobStore()))());
blobStoreContract('ReadThroughBlobStore, bounded memory before another store', () => {
  const near = new MemoryBlobStore({ sizeBytesMax: 2_000 });
  return inMemory(new ReadThroughBlobStore(near, new MemoryBlobStore(), { isWriteThrough: true }))();
});
