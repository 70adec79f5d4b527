// Workers that are far too slow: who gets no more jobs, when one is tried again, who is not taken for slow. On virtual time.
import { beforeEach, expect, test } from 'vitest';
import { a, DispatcherRig, offering } from '../support/dispatcher-rig.ts';

let rig: DispatcherRig;

beforeEach(() => {
  rig = new DispatcherRig();
  rig.workers = [offering(a, 0)];
  rig.runHere('usual', 1_000);
  rig.dispatcher.ran(a, 'another', 500);
});

test('a slow worker gets no more jobs as soon as one has taken too long, before that one is done', async () => {
  rig.dispatcher.runsHere('busy');
  rig.send('first').started();
  rig.clock.advance(2_900);
  expect(await rig.placeOf('second')).toBe('later'); // nobody knows when its turn would come
  rig.clock.advance(200);
  expect(await rig.placeOf('third')).toBe('here');
});

test('a slow worker gets no more jobs once one was given up, then one by way of trial', async () => {
  rig.dispatcher.runsHere('busy');
  const sent = rig.send('first');
  sent.started();
  rig.clock.advance(4_000);
  sent.over();
  expect(await rig.placeOf('second')).toBe('here');
  rig.clock.advance(5_000);
  expect(await rig.placeOf('trial')).toBe('a');
  const trial = rig.send('trial');
  trial.started();
  rig.workers = [offering(a, 1, 2)]; // one job, though it has a slot beside that
  expect(await rig.placeOf('third')).toBe('later');
});

test('a slow worker is trusted again once it has shown itself better', async () => {
  rig.dispatcher.runsHere('busy');
  rig.clock.advance(9_000);
  rig.dispatcher.ran(a, 'first', 9_000);
  expect(await rig.placeOf('second')).toBe('here');
  rig.clock.advance(5_000);
  rig.dispatcher.ran(a, 'trial', 800);
  const sent = rig.send('third');
  sent.started();
  rig.clock.advance(800);
  expect(await rig.placeOf('fourth')).toBe('a'); // to wait there
  sent.over();
});

test('a slow worker is left alone for longer every time, but tried at once after a pause', async () => {
  const busy = rig.dispatcher.runsHere('busy');
  rig.clock.advance(4_000);
  rig.dispatcher.ran(a, 'first', 4_000);
  rig.clock.advance(6_000);
  rig.dispatcher.ran(a, 'trial', 4_000);
  rig.clock.advance(5_100);
  expect(await rig.placeOf('later')).toBe('here');
  rig.dispatcher.runsHere('later')(true);
  busy(true);
  rig.clock.advance(3_500);
  rig.dispatcher.runsHere('a new build');
  expect(await rig.placeOf('at once')).toBe('a');
});

test('a worker is not taken for slow by a job that is long: others have come back since it began', async () => {
  rig.workers = [offering(a, 1, 2)];
  rig.dispatcher.runsHere('busy');
  rig.send('long').started();
  rig.clock.advance(2_000);
  rig.dispatcher.ran(a, 'another', 700);
  rig.clock.advance(4_000);
  expect(await rig.placeOf('next')).toBe('a');
});
