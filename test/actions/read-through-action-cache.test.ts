// Near first, then far, and what that leaves nearby.
import { expect, test } from 'vitest';
import { MemoryActionCache } from '../../src/actions/memory-action-cache.ts';
import { ReadThroughActionCache } from '../../src/actions/read-through-action-cache.ts';
import { digestOf } from '../../src/digest.ts';
import { CodedError } from '../../src/errors.ts';
import { generateIdentity } from '../../src/team/identity.ts';
import { sampleRecord } from '../support/sample-record.ts';

const action = digestOf('action');
const record = sampleRecord(generateIdentity(), { action });

class CountingActionCache extends MemoryActionCache {
  gets = 0;
  override get(...args: Parameters<MemoryActionCache['get']>) {
    this.gets += 1;
    return super.get(...args);
  }
}

test('a far record is kept nearby, and not asked for again', async () => {
  const [near, far] = [new MemoryActionCache(), new CountingActionCache()];
  const cache = new ReadThroughActionCache(near, far);
  await far.put(record);
  expect(await cache.get(action)).toEqual([record]);
  expect(await cache.get(action)).toEqual([record]);
  expect(far.gets).toBe(1);
});

test('puts stay nearby; a miss is a miss', async () => {
  const [near, far] = [new MemoryActionCache(), new MemoryActionCache()];
  const cache = new ReadThroughActionCache(near, far);
  await cache.put(record);
  expect(await near.get(action)).toEqual([record]);
  expect(await far.get(action)).toEqual([]);
  expect(await cache.get(digestOf('other'))).toEqual([]);
});

test('a near cache that cannot keep it does not keep the reader from the far record', async () => {
  class FullActionCache extends MemoryActionCache {
    override async put(): Promise<void> {
      throw new CodedError('STORAGE', 'the disk is full');
    }
  }
  const far = new MemoryActionCache();
  await far.put(record);
  const failures: unknown[] = [];
  const cache = new ReadThroughActionCache(new FullActionCache(), far, error => failures.push(error));
  expect(await cache.get(action)).toEqual([record]);
  expect(failures).toMatchObject([{ code: 'STORAGE' }]);
});
