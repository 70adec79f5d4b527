// Teammates as two stores, over the memory twin: who is asked, in which order, and what a slow, frozen or failing one costs.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { breakerOpenMsMin } from '../../src/limits.ts';
import { HolderHints } from '../../src/peers/holder-hints.ts';
import { MemoryPeers } from '../../src/peers/memory-peers.ts';
import { PeerActionCache } from '../../src/peers/peer-action-cache.ts';
import { PeerBlobStore } from '../../src/peers/peer-blob-store.ts';
import { PeerRanking } from '../../src/peers/peer-ranking.ts';
import { UnclaimedBlobs } from '../../src/peers/unclaimed-blobs.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { sampleRecord } from '../support/sample-record.ts';
import { testIdentity } from '../support/team.ts';

const [a, b, c] = [testIdentity(1), testIdentity(2), testIdentity(3)];
const record = sampleRecord(a);
const object = Buffer.from('object');
const objectDigest = digestOf(object);
const deadlineMs = 1_000;

function world() {
  const clock = new ManualClock();
  const peers = new MemoryPeers(clock);
  const shared = {
    peers,
    clock,
    ranking: new PeerRanking(clock),
    hints: new HolderHints(),
    unclaimed: new UnclaimedBlobs(),
    deadlineMs,
  };
  return { ...shared, actions: new PeerActionCache(shared), blobs: new PeerBlobStore(shared) };
}

function holder(peers: MemoryPeers, identity = a) {
  const peer = peers.connect(identity.key);
  peer.records.set(record.action, [record]);
  peer.blobs.set(objectDigest, object);
  return peer;
}

/** Lets everything that needs no time happen. */
const settled = () => new Promise(resolve => setImmediate(() => setImmediate(resolve)));

test('nobody holds it: empty at once, nobody asked', async () => {
  const { actions, peers } = world();
  const peer = peers.connect(a.key);
  expect(await actions.get(record.action)).toEqual([]);
  expect(peer.asked).toEqual([]);
});

test('a hit brings the record; its blob is asked of the member who gave it', async () => {
  const { actions, blobs, peers } = world();
  const other = peers.connect(b.key);
  holder(peers);
  expect(await actions.get(record.action)).toEqual([record]);
  expect(await blobs.findMissing([objectDigest, digestOf('unheard of')])).toEqual([digestOf('unheard of')]);
  expect(await blobs.get(objectDigest)).toEqual(object);
  expect(other.asked).toEqual([]);
});

test('a blob that came along is there without asking again', async () => {
  const { actions, blobs, peers } = world();
  const peer = holder(peers);
  peer.inlined.add(objectDigest);
  await actions.get(record.action);
  expect(await blobs.get(objectDigest)).toEqual(object);
  expect(peer.asked).toEqual([record.action]);
});

test('the giver has left: the blob is asked of others', async () => {
  const { actions, blobs, peers } = world();
  holder(peers);
  await actions.get(record.action);
  peers.disconnect(a.key);
  expect(await blobs.findMissing([objectDigest])).toEqual([objectDigest]);
  holder(peers, b);
  expect(await blobs.get(objectDigest)).toEqual(object);
});

test('a holder that fails costs a second question, not the hit', async () => {
  const { actions, peers } = world();
  holder(peers, b).behaviour = { kind: 'fails' };
  holder(peers, a);
  expect(await actions.get(record.action)).toEqual([record]);
});

test('a slow holder is raced by the next', async () => {
  const { actions, peers, clock } = world();
  holder(peers, a).behaviour = { kind: 'answers', delayMs: 900 };
  const second = holder(peers, b);
  const got = actions.get(record.action);
  await settled();
  expect(second.asked).toEqual([]);
  clock.advance(300);
  await settled();
  expect(second.asked).toEqual([record.action]);
  expect(await got).toEqual([record]);
});

test('a frozen teammate costs one deadline in all, then is left alone, then tried again', async () => {
  const { actions, peers, clock } = world();
  const peer = holder(peers);
  peer.behaviour = { kind: 'freezes' };
  const waiting = Promise.all([actions.get(record.action), actions.get(record.action)]);
  await settled();
  clock.advance(deadlineMs);
  expect(await waiting).toEqual([[], []]);
  expect(peer.asked).toHaveLength(2);

  expect(await actions.get(record.action)).toEqual([]);
  expect(peer.asked).toHaveLength(2);

  clock.advance(breakerOpenMsMin);
  peer.behaviour = { kind: 'answers', delayMs: 0 };
  const back = actions.get(record.action);
  await settled();
  clock.advance(0);
  expect(await back).toEqual([record]);
});

test('a frozen teammate beside a good one falls behind it after the first race', async () => {
  const { actions, peers, clock } = world();
  const frozen = holder(peers, a);
  frozen.behaviour = { kind: 'freezes' };
  holder(peers, b);
  const first = actions.get(record.action);
  await settled();
  clock.advance(400);
  await settled();
  expect(await first).toEqual([record]);
  const asked = frozen.asked.length;
  expect(await actions.get(record.action)).toEqual([record]);
  expect(frozen.asked).toHaveLength(asked);
});

test('only two holders are asked for an action, and the deadline bounds them together', async () => {
  const { actions, peers, clock } = world();
  const all = [a, b, c].map(identity => {
    const peer = holder(peers, identity);
    peer.behaviour = { kind: 'freezes' };
    return peer;
  });
  const got = actions.get(record.action);
  await settled();
  clock.advance(deadlineMs);
  expect(await got).toEqual([]);
  expect(all.map(peer => peer.asked.length)).toEqual([1, 1, 0]);
});

test('an aborted caller gets its own reason', async () => {
  const { actions, peers } = world();
  holder(peers).behaviour = { kind: 'freezes' };
  const controller = new AbortController();
  const got = actions.get(record.action, controller.signal);
  controller.abort(new Error('the compile is over'));
  await expect(got).rejects.toThrow('the compile is over');
});
