// What every local ActionCache must do, run on the memory twin and on the one on disk.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LocalActionCache } from '../../src/actions/local-action-cache.ts';
import { digestOf } from '../../src/digest.ts';
import { recordsPerActionMax } from '../../src/limits.ts';
import { generateIdentity } from '../../src/team/identity.ts';
import { sampleRecord } from '../support/sample-record.ts';

export interface OpenedActionCache {
  readonly cache: LocalActionCache;
  close(): Promise<void>;
}

export function actionCacheContract(name: string, open: () => Promise<OpenedActionCache>): void {
  describe(`${name} is an action cache`, () => {
    let opened: OpenedActionCache;
    let cache: LocalActionCache;
    beforeEach(async () => {
      opened = await open();
      cache = opened.cache;
    });
    afterEach(() => opened.close());

    const alice = generateIdentity();
    const bob = generateIdentity();
    const action = digestOf('action');

    test('what was never put is a miss', async () => {
      expect(await cache.get(action)).toEqual([]);
    });

    test('gives back every field, the signed bytes and the signature', async () => {
      const record = sampleRecord(alice, { action });
      await cache.put(record);
      const [found] = await cache.get(action);
      expect({
        ...found,
        bytes: Buffer.from(found!.bytes),
        signature: Buffer.from(found!.signature),
      }).toEqual({
        ...record,
        bytes: Buffer.from(record.bytes),
        signature: Buffer.from(record.signature),
      });
    });

    test('keeps one record per signer: the newer, in whatever order they come', async () => {
      const old = sampleRecord(alice, { action, createdAtMs: 1_000 });
      const newer = sampleRecord(alice, { action, createdAtMs: 2_000 });
      for (const record of [old, newer, old]) await cache.put(record);
      expect((await cache.get(action)).map(each => each.createdAtMs)).toEqual([2_000]);
    });

    test('several signers, newest first', async () => {
      await cache.put(sampleRecord(alice, { action, createdAtMs: 2_000 }));
      await cache.put(sampleRecord(bob, { action, createdAtMs: 3_000 }));
      expect((await cache.get(action)).map(each => each.signer)).toEqual([bob.key, alice.key]);
      await cache.put(sampleRecord(alice, { action, createdAtMs: 4_000 }));
      expect((await cache.get(action)).map(each => each.signer)).toEqual([alice.key, bob.key]);
    });

    test('keeps at most so many per action: the newest', async () => {
      for (let each = 0; each < recordsPerActionMax + 3; each += 1) {
        await cache.put(sampleRecord(generateIdentity(), { action, createdAtMs: 1_000 + each }));
      }
      const times = (await cache.get(action)).map(each => each.createdAtMs);
      expect(times).toHaveLength(recordsPerActionMax);
      expect(times.at(0)).toBe(1_000 + recordsPerActionMax + 2);
      expect(times.at(-1)).toBe(1_003);
    });

    test('lists entries and actions newest first, each action once, over many pages', async () => {
      for (let each = 0; each < 2_500; each += 1) {
        // Few distinct times: what is equally old must not be lost between two pages.
        await cache.put(
          sampleRecord(alice, { action: digestOf(`action ${each}`), createdAtMs: Math.floor(each / 900) }),
        );
      }
      await cache.put(sampleRecord(bob, { action: digestOf('action 7'), createdAtMs: 9_000 }));
      const entries = [...cache.entries()];
      expect(entries).toHaveLength(2_501);
      expect(entries[0]).toEqual({ action: digestOf('action 7'), signer: bob.key, createdAtMs: 9_000 });
      expect(
        entries.every((entry, at) => at === 0 || entries[at - 1]!.createdAtMs >= entry.createdAtMs),
      ).toBe(true);
      const actions = [...cache.actions()];
      expect(actions[0]).toBe(digestOf('action 7'));
      expect(actions).toHaveLength(2_500);
      expect(new Set(actions).size).toBe(2_500);
    });

    test('forgets one signer’s records, and only those', async () => {
      const other = digestOf('other');
      await cache.put(sampleRecord(alice, { action }));
      await cache.put(sampleRecord(bob, { action }));
      await cache.put(sampleRecord(bob, { action: other }));
      await cache.get(action);
      expect(await cache.deleteBySigner(bob.key)).toBe(2);
      expect(await cache.deleteBySigner(bob.key)).toBe(0);
      expect((await cache.get(action)).map(each => each.signer)).toEqual([alice.key]);
      expect(await cache.get(other)).toEqual([]);
      expect([...cache.actions()]).toEqual([action]);
    });
  });
}
