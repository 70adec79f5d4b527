// What becomes of jobs that have been sent: left alone, moved, raced here or elsewhere. On virtual time.
import { beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { compileName } from '../../src/protocol/farm.ts';
import { a, b, DispatcherRig, offering } from '../support/dispatcher-rig.ts';

let rig: DispatcherRig;

beforeEach(() => {
  rig = new DispatcherRig();
});

test('of jobs that wait here the largest has the next place', async () => {
  rig.workers = [offering(a, 1)];
  rig.dispatcher.runsHere('usual');
  rig.send('first').started();
  const placed: string[] = [];
  for (const [command, sizeBytes] of [
    ['small', 10],
    ['large', 1_000],
    ['medium', 100],
  ] as const)
    void rig.place(command, sizeBytes).then(() => placed.push(command));
  rig.clock.advance(900); // a slot is soon free there
  await new Promise(resolve => setImmediate(resolve));
  expect(placed).toEqual(['large']);
});

test('a worker that takes no more gets none, though a job of ours is there and a slot beside it is free', async () => {
  const closed = offering(a, 1, 2);
  rig.workers = [{ ...closed, offer: { ...closed.offer, isOpen: false } }];
  rig.runHere('usual', 1_000);
  rig.dispatcher.runsHere('usual');
  rig.send('first').started();
  expect(await rig.placeOf('second')).toBe('later');
});

describe('a machine that has nothing else to do', () => {
  beforeEach(() => {
    rig.workers = [offering(a, 1)];
    rig.runHere('usual', 1_000);
  });

  test('races a job that is predicted to take longer than a compile here, once', () => {
    rig.dispatcher.ran(a, 'another', 2_900);
    rig.send('one').started();
    rig.clock.advance(40);
    expect(rig.told).toEqual([]); // the build's next compile may come
    rig.clock.advance(60);
    expect(rig.told).toEqual(['race one here']);
    rig.clock.advance(60_000);
    expect(rig.told).toEqual(['race one here']);
  });

  test('leaves a job alone that will be done sooner there', () => {
    rig.dispatcher.ran(a, 'another', 900);
    rig.send('one').started();
    rig.clock.advance(1_300);
    expect(rig.told).toEqual([]);
  });

  test('races one that outlasts what is usual there by half, however fast that worker was', () => {
    rig.dispatcher.ran(a, 'another', 300);
    rig.send('one').started();
    rig.clock.advance(900);
    expect(rig.told).toEqual([]); // another 900 ms at most
    rig.clock.advance(300);
    expect(rig.told).toEqual(['race one here']);
  });

  test('leaves a command alone that takes long here, too', () => {
    rig.runHere('long', 20_000);
    rig.dispatcher.ran(a, 'another', 300);
    rig.send('long').started();
    rig.clock.advance(19_000);
    expect(rig.told).toEqual([]);
  });

  test('takes the one first for which everybody would wait the longest', () => {
    rig.workers = [offering(a, 1), offering(b, 1)];
    rig.dispatcher.ran(a, 'another', 2_000);
    rig.dispatcher.ran(b, 'another', 2_900);
    rig.send('one').started();
    rig.send('two', rig.workers[1]).started();
    rig.clock.advance(100);
    expect(rig.told).toEqual(['race two here']);
  });

  test('looks at a job that two rig.workers have by the one that is done first', () => {
    rig.workers = [offering(a, 1), offering(b, 1)];
    rig.dispatcher.ran(a, 'another', 2_900);
    rig.dispatcher.ran(b, 'another', 500);
    const runners = { isAtTwo: true, isHere: false, isOver: false };
    rig.send('one', rig.workers[0], runners).started();
    rig.send('one', rig.workers[1], runners).started();
    rig.clock.advance(100);
    expect(rig.told).toEqual([]);
  });

  test('takes back what only waits there before it races what runs', () => {
    rig.dispatcher.ran(a, 'another', 2_900);
    rig.send('runs').started();
    rig.send('waits');
    const end = rig.dispatcher.runsHere('usual');
    rig.clock.advance(1_500);
    end(true);
    rig.clock.advance(100);
    expect(rig.told[0]).toBe('move waits');
  });

  test('counts the race as running here, and races no second one beside it', () => {
    rig.workers = [offering(a, 1), offering(b, 1)];
    rig.dispatcher.ran(a, 'another', 2_900);
    rig.dispatcher.ran(b, 'another', 2_900);
    rig.send('one').started();
    rig.send('two', rig.workers[1]).started();
    rig.clock.advance(100);
    expect(rig.told.length).toBe(1);
    expect(rig.dispatcher.runningHere).toBe(1);
    const end = rig.dispatcher.runsHere(rig.told[0] === 'race one here' ? 'one' : 'two');
    expect(rig.dispatcher.runningHere).toBe(1);
    rig.clock.advance(400);
    end(true);
    rig.clock.advance(100);
    expect(new Set(rig.told)).toEqual(new Set(['race one here', 'race two here']));
  });

  test('races as many at once as it has slots', () => {
    rig = new DispatcherRig(2);
    rig.workers = [offering(a, 3, 3)];
    rig.runHere('usual', 1_000);
    rig.dispatcher.ran(a, 'another', 2_900);
    for (const name of ['one', 'two', 'three']) rig.send(name).started();
    rig.clock.advance(260);
    expect(rig.told).toEqual(['race one here', 'race two here']);
    expect(rig.dispatcher.runningHere).toBe(2);
  });

  test('still has its slot for a compile that has no other place', async () => {
    rig.dispatcher.ran(a, 'another', 2_900);
    rig.send('one').started();
    rig.clock.advance(100);
    expect(rig.told).toEqual(['race one here']);
    rig.send('fills a').started();
    expect(await rig.placeOf('new')).toBe('here');
    expect(await rig.placeOf('newer')).toBe('later');
  });
});

describe('a job that takes far longer than usual while this machine is busy', () => {
  beforeEach(() => {
    rig.runHere('usual', 2_000);
    rig.dispatcher.ran(a, 'another', 1_000);
    rig.dispatcher.runsHere('usual');
  });

  test('goes to a free worker as well, once', () => {
    rig.send('new').started();
    rig.clock.advance(4_900);
    expect(rig.told).toEqual([]);
    rig.clock.advance(500);
    expect(rig.told).toEqual(['race new at b']);
    rig.clock.advance(60_000);
    expect(rig.told).toEqual(['race new at b']);
  });

  test('goes to none that takes no more, though a job of ours is there and a slot beside it is free', () => {
    const closed = offering(b, 1, 2);
    rig.workers = [offering(a, 1), { ...closed, offer: { ...closed.offer, isOpen: false } }];
    rig.send('other', closed).started();
    rig.send('new').started();
    rig.clock.advance(5_400);
    expect(rig.told).toEqual([]);
  });

  test('goes to another worker than its own, even where that one has more slots', () => {
    rig.workers = [offering(a, 1, 4), offering(b, 0)];
    rig.send('new').started();
    rig.clock.advance(5_400);
    expect(rig.told).toEqual(['race new at b']);
  });

  test('is left alone where it always takes as long', () => {
    rig.dispatcher.ran(b, 'long', 4_000);
    rig.send('long').started();
    rig.clock.advance(11_500);
    expect(rig.told).toEqual([]);
  });

  test('stays where it is if nobody else is free', () => {
    rig.workers = [offering(a, 1)];
    rig.send('new').started();
    rig.clock.advance(60_000);
    expect(rig.told).toEqual([]);
  });
});

test('what a compile takes here is measured by its share of the slots', () => {
  rig.workers = [offering(a, 1)];
  // Four at once on one slot: 4 s that would have been one.
  const ends = ['c1', 'c2', 'c3', 'c4'].map(command => rig.dispatcher.runsHere(command));
  rig.clock.advance(4_000);
  for (const end of ends) end(true);
  rig.dispatcher.ran(a, 'another', 1_500);
  rig.send('one').started();
  rig.clock.advance(100);
  expect(rig.told).toEqual(['race one here']);
});

test('a compiler that did not come to its end tells nothing of what one takes', () => {
  rig.workers = [offering(a, 1)];
  rig.runHere('usual', 1_000);
  rig.dispatcher.runsHere('usual')(false);
  rig.dispatcher.ran(a, 'another', 900);
  rig.send('usual').started();
  rig.clock.advance(100);
  expect(rig.told).toEqual([]);
});

describe('a compile that a worker has run now, for another', () => {
  const same = digestOf('same');
  beforeEach(() => {
    const runs = offering(a, 1);
    rig.workers = [
      { ...runs, offer: { ...runs.offer, isOpen: false, running: [compileName(same)] } },
      offering(b, 0),
    ];
  });

  test('is waited for there, with another worker free and this machine, too', async () => {
    expect(rig.dispatcher.isHereBest(digestOf('other'))).toBe(true);
    expect(rig.dispatcher.isHereBest(same)).toBe(false);
    expect(await rig.placeOf(same, true)).toBe('join a');
  });

  test('is no place for anything else, nor for a job that was there in vain', async () => {
    rig.dispatcher.runsHere('usual');
    expect(await rig.placeOf(digestOf('other'), true)).toBe('b');
    expect(await rig.placeOf(same, false)).toBe('b');
  });

  test('may be of this machine: there is nothing to join', async () => {
    rig.dispatcher.runsHere('usual');
    rig.send(same);
    expect(await rig.placeOf(same, true)).toBe('b');
  });

  test('takes no slot from a job that needs one', async () => {
    rig.dispatcher.runsHere('usual');
    rig.workers = [offering(a, 0)];
    rig.send(same, rig.workers[0], undefined, true).started();
    rig.send('runs').started();
    rig.clock.advance(900); // another may wait behind this one
    expect(await rig.placeOf(digestOf('other'), true)).toBe('a');
    expect(rig.told).toEqual([]);
  });
});
