// Whose records count, judged by the keyring of the moment.
import { expect, test } from 'vitest';
import { MemoryActionCache } from '../../src/actions/memory-action-cache.ts';
import type { RecordClaim, SignedRecord } from '../../src/actions/signed-record.ts';
import { TrustedActionCache } from '../../src/actions/trusted-action-cache.ts';
import { digestOf, emptyDigest } from '../../src/digest.ts';
import { buildRevoke } from '../../src/team/build-statement.ts';
import type { Identity } from '../../src/team/identity.ts';
import { sampleRecord } from '../support/sample-record.ts';
import { TestTeam, testIdentity } from '../support/team.ts';

const action = digestOf('action');
const [alice, bob, reader, stranger] = [testIdentity(1), testIdentity(2), testIdentity(3), testIdentity(4)];

/** Alice founded the team, Bob writes, the reader reads, and the stranger is none of it. */
async function trusted() {
  const team = await TestTeam.found(alice);
  await team.admit(alice, bob, 'bob');
  await team.admit(alice, reader, 'reader', ['reader']);
  const inner = new MemoryActionCache();
  const refused: string[] = [];
  const conflicts: (readonly SignedRecord[])[] = [];
  const cache = new TrustedActionCache(inner, {
    keyring: () => team.ledger.keyring(),
    onRefused: reason => refused.push(reason),
    onConflict: (_, records) => conflicts.push(records),
  });
  const record = (identity: Identity, claim: Partial<RecordClaim> = {}) =>
    sampleRecord(identity, { action, teamId: team.ledger.teamId, ...claim });
  const revoke = (identity: Identity) => team.add(buildRevoke(team.by(alice), identity.key));
  return { cache, inner, refused, conflicts, record, revoke };
}

test('serves members’ records; passes over strangers’, readers’ and another team’s, and counts why', async () => {
  const { cache, inner, refused, record } = await trusted();
  await inner.put(record(alice));
  await inner.put(record(stranger));
  await inner.put(record(reader));
  await inner.put(record(bob, { teamId: 'other' }));
  expect((await cache.get(action)).map(each => each.signer)).toEqual([alice.key]);
  expect(refused.sort()).toEqual(['not-a-member', 'other-team', 'role']);
});

test('a member’s records stop counting the moment it is revoked', async () => {
  const { cache, refused, revoke, record } = await trusted();
  await cache.put(record(bob));
  expect(await cache.get(action)).toHaveLength(1);
  await revoke(bob);
  expect(await cache.get(action)).toEqual([]);
  expect(refused).toEqual(['revoked']);
});

test('keeps nothing that does not count', async () => {
  const { cache, inner, record } = await trusted();
  await expect(cache.put(record(stranger))).rejects.toMatchObject({ code: 'REFUSED' });
  expect(await inner.get(action)).toEqual([]);
});

const base = sampleRecord(alice).result;
const file = base.outputFiles[0]!;
test.each([
  ['an output’s bytes', { ...base, outputFiles: [{ ...file, digest: digestOf('other') }] }],
  ['an output’s mode', { ...base, outputFiles: [{ ...file, isExecutable: true }] }],
  ['which outputs there are', { ...base, outputFiles: [file, { ...file, path: 'main.d' }] }],
  ['stdout', { ...base, stdout: digestOf('out') }],
  ['stderr', { ...base, stderr: emptyDigest }],
  ['the exit code', { ...base, exitCode: 1 }],
])('two trusted results that differ in %s: neither is served, both are evidence', async (_, result) => {
  const { cache, conflicts, record } = await trusted();
  await cache.put(record(alice));
  await cache.put(record(bob, { result }));
  expect(await cache.get(action)).toEqual([]);
  expect(conflicts.map(records => records.map(each => each.signer).sort())).toEqual([
    [alice.key, bob.key].sort(),
  ]);
});

test('the same outputs in another order are no conflict', async () => {
  const { cache, conflicts, record } = await trusted();
  const other = { ...file, path: 'main.d' };
  await cache.put(record(alice, { result: { ...base, outputFiles: [file, other] } }));
  await cache.put(record(bob, { result: { ...base, outputFiles: [other, file] } }));
  expect(await cache.get(action)).toHaveLength(2);
  expect(conflicts).toEqual([]);
});

test('a stranger cannot cause a conflict, nor can one who was revoked', async () => {
  const { cache, inner, conflicts, revoke, record } = await trusted();
  await inner.put(record(alice));
  await inner.put(record(stranger, { result: { ...base, exitCode: 1 } }));
  await inner.put(record(bob, { result: { ...base, exitCode: 2 } }));
  await revoke(bob);
  expect((await cache.get(action)).map(each => each.signer)).toEqual([alice.key]);
  expect(conflicts).toEqual([]);
});

test('members may know different manifests', async () => {
  const { cache, conflicts, record } = await trusted();
  await cache.put(record(alice, { kind: 'manifest' }));
  await cache.put(record(bob, { kind: 'manifest', result: { ...base, stdout: digestOf('out') } }));
  expect(await cache.get(action)).toHaveLength(2);
  expect(conflicts).toEqual([]);
});
