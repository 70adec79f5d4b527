// An owner who comes back has the machine to himself within a second: on virtual time.
import { beforeEach, expect, test } from 'vitest';
import { OwnerWatch, type OwnerWatchParts } from '../../src/farm/owner-watch.ts';
import { ManualClock } from '../support/manual-clock.ts';

let clock: ManualClock;
let ownJobs: number;
let others: number;
let sentHomeAtMs: number | undefined;

beforeEach(() => {
  clock = new ManualClock();
  ownJobs = 0;
  others = 0;
  sentHomeAtMs = undefined;
});

function watch(parts: Partial<OwnerWatchParts> = {}): OwnerWatch {
  return new OwnerWatch({
    clock,
    when: 'idle',
    ownJobs: () => ownJobs,
    ownSlots: 4,
    othersRunning: () => others,
    onLook: () => {},
    sendHome: () => (sentHomeAtMs ??= clock.nowMs()),
    ...parts,
  });
}

test('a compile of the owner’s sends jobs home at once', () => {
  const owner = watch();
  clock.advance(1_100);
  ownJobs = 1;
  owner.ownJobBegan();
  expect(sentHomeAtMs).toBe(clock.nowMs());
});

test('whatever else keeps half of the machine busy sends them home within a second', () => {
  watch();
  clock.advance(1_100);
  others = 2;
  const startedMs = clock.nowMs();
  clock.advance(2_000);
  expect(sentHomeAtMs! - startedMs).toBeLessThanOrEqual(1_000);
});

test('a process that wakes up for a moment does not, nor do a few on a large machine', () => {
  watch();
  others = 4;
  clock.advance(250);
  others = 1;
  clock.advance(10_000);
  expect(sentHomeAtMs).toBeUndefined();
});

test('a machine that is always lent sends nobody home, and is busy when its owner fills it', () => {
  const owner = watch({ when: 'always' });
  ownJobs = 3;
  others = 8;
  owner.ownJobBegan();
  clock.advance(2_000);
  expect([sentHomeAtMs, owner.isBusy]).toEqual([undefined, false]);
  ownJobs = 4;
  owner.ownJobBegan();
  expect([sentHomeAtMs, owner.isBusy]).toEqual([undefined, true]);
});

test('clients hear of it at every look, and of nothing once it is over', () => {
  let looks = 0;
  const owner = watch({ onLook: () => looks++ });
  clock.advance(1_000);
  expect(looks).toBe(4);
  owner.stop();
  clock.advance(1_000);
  expect(looks).toBe(4);
});
