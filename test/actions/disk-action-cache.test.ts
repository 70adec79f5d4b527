// What only a disk can do to records: rot, and be cut off in the middle.
import { randomBytes } from 'node:crypto';
import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { DiskActionCache } from '../../src/actions/disk-action-cache.ts';
import { type Digest, digestOf } from '../../src/digest.ts';
import { generateIdentity } from '../../src/team/identity.ts';
import { sampleRecord } from '../support/sample-record.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const alice = generateIdentity();
const bob = generateIdentity();
const actions = Array.from({ length: 3_000 }, (_, each) => digestOf(`action ${each}`));

function openCache(path: string, countMax = 1_000_000) {
  const corrupt: Digest[] = [];
  const recoveredCounts: number[] = [];
  const cache = new DiskActionCache({
    path,
    countMax,
    onCorrupt: action => corrupt.push(action),
    onMovedAside: (_, count) => recoveredCounts.push(count),
  });
  onTestFinished(() => cache.close());
  return { cache, corrupt, recoveredCounts };
}

/** Changes rows behind the cache's back. */
function tamper(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

test('records outlive the process that put them', async () => {
  const path = join(await temporaryFolder(), 'records.sqlite');
  const first = openCache(path).cache;
  for (const identity of [alice, bob]) await first.put(sampleRecord(identity, { action: actions[0]! }));
  first.close();
  const { cache } = openCache(path);
  expect(await cache.get(actions[0]!)).toHaveLength(2);
  expect([...cache.entries()]).toHaveLength(2);
});

test.each([
  [
    'with a flipped bit',
    "UPDATE records SET record = CAST(substr(record, 1, 100) || X'00' || substr(record, 102) AS BLOB) WHERE signer = ?",
  ],
  ['cut short', 'UPDATE records SET record = substr(record, 1, 90) WHERE signer = ?'],
  ['that is garbage', 'UPDATE records SET record = randomblob(300) WHERE signer = ?'],
  ['of another action', `UPDATE records SET action = '${actions[1]}' WHERE signer = ?`],
])('a record %s is dropped and counted; the others of its action are served', async (_, sql) => {
  const path = join(await temporaryFolder(), 'records.sqlite');
  const first = openCache(path).cache;
  for (const identity of [alice, bob]) await first.put(sampleRecord(identity, { action: actions[0]! }));
  first.close();
  tamper(path, sql.replace('?', `'${alice.key}'`));
  const { cache, corrupt } = openCache(path);
  const found = [...(await cache.get(actions[0]!)), ...(await cache.get(actions[1]!))];
  expect(found.map(record => record.signer)).toEqual([bob.key]);
  expect(corrupt).toHaveLength(1);
  expect([...cache.entries()].map(entry => entry.signer)).toEqual([bob.key]);
});

test('a database that is garbage is begun anew', async () => {
  const path = join(await temporaryFolder(), 'records.sqlite');
  await writeFile(path, randomBytes(30_000));
  const { cache, recoveredCounts } = openCache(path);
  expect(recoveredCounts).toEqual([0]);
  await cache.put(sampleRecord(alice, { action: actions[0]! }));
  expect(await cache.get(actions[0]!)).toHaveLength(1);
});

test('of a database with a hole in the middle, what lies around it is taken over', async () => {
  const path = join(await temporaryFolder(), 'records.sqlite');
  const first = openCache(path).cache;
  for (const action of actions) await first.put(sampleRecord(alice, { action }));
  first.close();
  const sizeBytes = (await stat(path)).size;
  const file = await open(path, 'r+');
  const hole = randomBytes(Math.floor(sizeBytes / 50));
  await file.write(hole, 0, hole.byteLength, Math.floor(sizeBytes / 2 / 4_096) * 4_096);
  await file.close();
  const { cache, recoveredCounts } = openCache(path);
  let foundCount = 0;
  for (const action of actions) foundCount += (await cache.get(action)).length;
  expect(recoveredCounts.length).toBeGreaterThanOrEqual(1);
  expect(foundCount).toBeGreaterThan(actions.length * 0.9);
  await cache.put(sampleRecord(bob, { action: actions[0]! }));
  expect((await cache.get(actions[0]!)).map(record => record.signer)).toContain(bob.key);
});

test('past its bound, the oldest records go', async () => {
  const { cache } = openCache(join(await temporaryFolder(), 'records.sqlite'), 100);
  for (let each = 0; each < 130; each += 1) {
    await cache.put(sampleRecord(alice, { action: actions[each]!, createdAtMs: 1_000 + each }));
  }
  const entries = [...cache.entries()];
  expect(entries.length).toBeLessThanOrEqual(100);
  expect(entries.length).toBeGreaterThanOrEqual(95);
  expect(entries[0]!.createdAtMs).toBe(1_129);
  expect(await cache.get(actions[0]!)).toEqual([]);
});

test('lists on while records are put and deleted', async () => {
  const { cache } = openCache(join(await temporaryFolder(), 'records.sqlite'));
  for (const [at, action] of actions.entries())
    await cache.put(sampleRecord(alice, { action, createdAtMs: at }));
  const listed = new Set<Digest>();
  for (const { action } of cache.entries()) {
    listed.add(action);
    if (listed.size === 500) await cache.put(sampleRecord(bob, { action: actions[0]!, createdAtMs: 9_000 }));
    if (listed.size === 1_500) await cache.deleteBySigner(bob.key);
  }
  expect(listed.size).toBe(actions.length);
});
