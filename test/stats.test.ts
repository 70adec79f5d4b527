// The counters: what each event adds, what survives a restart, what cannot make them grow or break.
import { expect, test } from 'vitest';
import { reasonsMax } from '../src/limits.ts';
import { Stats } from '../src/stats.ts';

test('counts by tier, member and reason', () => {
  const stats = new Stats(5);
  stats.hit('memory', { savedMs: 10, bytes: 100 });
  stats.hit('peer', { savedMs: 20, bytes: 50, member: 'lap' });
  stats.miss();
  stats.uncached('not-a-compile');
  stats.uncached('not-a-compile');
  stats.refused('bad-signature');
  stats.fallback('store');
  stats.lost('folder-bound');
  stats.stored(7);
  expect(stats.snapshot()).toEqual({
    hits: { memory: 1, disk: 0, peer: 1 },
    misses: 1,
    uncached: { 'not-a-compile': 2 },
    refused: { 'bad-signature': 1 },
    fallbacks: { store: 1 },
    lost: { 'folder-bound': 1 },
    peers: { lap: 1 },
    bytes: { restored: 150, stored: 7, fromPeers: 50 },
    savedMs: 30,
    sinceMs: 5,
  });
});

test('a snapshot does not change with later counts, and zero starts anew', () => {
  const stats = new Stats(0);
  const before = stats.snapshot();
  stats.miss();
  expect(before.misses).toBe(0);
  stats.zero(9);
  expect(stats.snapshot()).toEqual({ ...before, sinceMs: 9 });
});

test('goes on from what was kept; starts anew from anything else', () => {
  const stats = new Stats(0);
  stats.hit('disk', { savedMs: 1, bytes: 1 });
  const kept = JSON.parse(JSON.stringify(stats.snapshot()));
  expect(new Stats(99, kept).snapshot()).toEqual(kept);
  for (const foreign of [
    undefined,
    null,
    [],
    'text',
    {},
    { ...kept, misses: 'x' },
    { ...kept, uncached: { a: -1 } },
  ]) {
    expect(new Stats(99, foreign).snapshot().sinceMs).toBe(99);
  }
});

test('counters of an earlier version go on, those that it did not have begin at nothing', () => {
  const { lost: _, ...earlier } = { ...new Stats(7).snapshot(), misses: 3 };
  expect(new Stats(99, earlier).snapshot()).toMatchObject({ misses: 3, lost: {}, sinceMs: 7 });
});

test('reasons from outside are bounded in number and cannot be names that objects have', () => {
  const stats = new Stats(0);
  stats.refused('constructor');
  stats.refused('__proto__');
  for (let i = 0; i < 2 * reasonsMax; i++) stats.refused(`reason ${i}`);
  const { refused } = stats.snapshot();
  expect(Object.keys(refused).length).toBeLessThanOrEqual(reasonsMax + 1);
  expect(refused.constructor).toBe(1);
  expect(refused.other).toBeGreaterThan(0);
});
