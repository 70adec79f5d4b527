// Where jobs are placed: by predicted finish, here first when that is no slower, never onto a machine that is full.
import { expect, test } from 'vitest';
import {
  choosePlace,
  type HerePlace,
  isSoon,
  slotFreeInMs,
  type WorkerPlace,
} from '../../src/farm/placement.ts';
import type { MemberKey } from '../../src/team/identity.ts';

test('an idle machine keeps its job where the workers are no faster', () => {
  expect(choosePlace(here({}), [worker('a', {})])).toEqual({ at: 'here' });
});

test('a job goes to a worker that is predicted to finish it sooner, sending included', () => {
  const slow = here({ typicalMs: 4_000 });
  expect(choosePlace(slow, [worker('a', { typicalMs: 1_000 })])).toEqual(at('a'));
  const far = worker('a', { typicalMs: 1_000, overheadMs: 5_000 });
  expect(choosePlace(slow, [far])).toEqual({ at: 'here' });
});

test('a full machine sends its jobs away', () => {
  expect(choosePlace(here({ jobs: 2 }), [worker('a', {})])).toEqual(at('a'));
});

test('what a worker is at as well takes no slot here from a job that has no other place', () => {
  const racing = here({ jobs: 2, races: 1 });
  expect(choosePlace(racing, [worker('a', { jobs: 2 })])).toEqual({ at: 'here' });
  expect(choosePlace(racing, [worker('a', {})])).toEqual(at('a'));
  expect(choosePlace(here({ jobs: 2 }), [worker('a', { jobs: 2 })])).toEqual(at('a'));
});

test('a worker that is on trial gets one job and no queue', () => {
  const onTrial = worker('a', { jobs: 1, isFull: true });
  expect(choosePlace(here({ jobs: 2 }), [onTrial])).toEqual({ at: 'later' });
});

test('a free slot comes before a place in a queue', () => {
  const workers = [worker('a', { jobs: 2, typicalMs: 100 }), worker('b', { jobs: 1, typicalMs: 1_000 })];
  expect(choosePlace(here({ jobs: 2 }), workers)).toEqual(at('b'));
});

test('a slot is free when the usual time is over; of a job that outlasts it nobody knows', () => {
  expect(slotFreeInMs([100, 900], 1_000)).toBe(100);
  expect(slotFreeInMs([1_200], 1_000)).toBe(0);
  expect(slotFreeInMs([1_600], 1_000)).toBe(Number.POSITIVE_INFINITY);
  expect(slotFreeInMs([1_600, 300], 1_000)).toBe(700);
  expect(slotFreeInMs([100], undefined)).toBe(Number.POSITIVE_INFINITY);
});

test('one job may wait at each worker, the rest wait here', () => {
  const full = here({ jobs: 2 });
  expect(choosePlace(full, [worker('a', { jobs: 2 })])).toEqual(at('a'));
  expect(choosePlace(full, [worker('a', { jobs: 3 })])).toEqual({ at: 'later' });
});

test('a job waits at a worker only once a slot there is soon free: until then a larger one may come', () => {
  const full = here({ jobs: 2 });
  const busy = (freeInMs: number) => worker('a', { jobs: 2, typicalMs: 10_000, freeInMs });
  expect(choosePlace(full, [busy(2_000)])).toEqual({ at: 'later' });
  expect(choosePlace(full, [busy(900)])).toEqual(at('a'));
  expect(isSoon(400)).toBe(true); // short jobs never wait here for that
});

test('of a few workers the best is found, of many the better of the two that are first in rank', () => {
  const few = Array.from({ length: 6 }, (_, i) => worker(`w${i}`, { typicalMs: 1_000 - 100 * i }));
  expect(choosePlace(here({ jobs: 2 }), few)).toEqual(at('w5'));
  const many = Array.from({ length: 100 }, (_, i) => worker(`w${i}`, { rank: 0.5, typicalMs: 100 }));
  many[50] = worker('w50', { rank: 0.1 });
  many[60] = worker('w60', { rank: 0.2, typicalMs: 500 });
  expect(choosePlace(here({ jobs: 2 }), many)).toEqual(at('w60')); // of the two first in rank
});

test('places that are about as good are taken by rank', () => {
  const workers = [worker('a', { rank: 0.7, typicalMs: 950 }), worker('b', { rank: 0.3 })];
  expect(choosePlace(here({ jobs: 2 }), workers)).toEqual(at('b'));
  const better = [worker('a', { rank: 0.7, typicalMs: 700 }), worker('b', { rank: 0.3 })];
  expect(choosePlace(here({ jobs: 2 }), better)).toEqual(at('a'));
});

test('nobody has run anything yet: everyone is taken for equally fast', () => {
  expect(choosePlace(here({ typicalMs: undefined }), [worker('a', { typicalMs: undefined })])).toEqual({
    at: 'here',
  });
});

function here(place: Partial<HerePlace>): HerePlace {
  return { slots: 2, jobs: 0, races: 0, typicalMs: 1_000, ...place };
}

function worker(name: string, place: Partial<WorkerPlace>): WorkerPlace {
  return {
    member: name as MemberKey,
    rank: 0,
    slots: 2,
    jobs: 0,
    typicalMs: 1_000,
    overheadMs: 10,
    ...place,
  };
}

function at(name: string) {
  return { at: 'worker', member: name };
}
