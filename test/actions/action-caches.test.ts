// The contract on the caches that hold records themselves.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskActionCache } from '../../src/actions/disk-action-cache.ts';
import { MemoryActionCache } from '../../src/actions/memory-action-cache.ts';
import { actionCacheContract } from '../contracts/action-cache-contract.ts';

actionCacheContract('MemoryActionCache', async () => ({
  cache: new MemoryActionCache(),
  close: async () => {},
}));

actionCacheContract('DiskActionCache', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'p2pcache-test-'));
  const cache = new DiskActionCache({ path: join(dir, 'records.sqlite') });
  const close = async () => {
    cache.close();
    await rm(dir, { recursive: true });
  };
  return { cache, close };
});
