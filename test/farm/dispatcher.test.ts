// Where jobs go, and what becomes of those that have been sent: left alone, moved, raced here or elsewhere. On virtual time.
import { beforeEach, describe, expect, test } from 'vitest';
import { type Chosen, Dispatcher } from '../../src/farm/dispatcher.ts';
import type { OfferingWorker } from '../../src/farm/farm-network.ts';
import type { Runners } from '../../src/farm/sent-jobs.ts';
import { generateIdentity, type MemberKey } from '../../src/team/identity.ts';
import { ManualClock } from '../support/manual-clock.ts';

const [a, b] = [generateIdentity().key, generateIdentity().key] as [MemberKey, MemberKey];
const never = new AbortController().signal;

let clock: ManualClock;
let workers: OfferingWorker[];
let dispatcher: Dispatcher;
let told: string[];

beforeEach(() => {
  clock = new ManualClock();
  workers = [offering(a, 1), offering(b, 0)];
  told = [];
  dispatcher = dispatcherOf(1);
});

function dispatcherOf(localSlots: number): Dispatcher {
  return new Dispatcher({
    network: { workers: () => workers, run: () => Promise.reject(new Error()), onChange: () => () => {} },
    clock,
    random: { bytes: count => new Uint8Array(count), fraction: () => 0 },
    localSlots,
    mayWork: () => true,
    onRunsHere: () => {},
    onRanHere: () => {},
  });
}

function offering(member: MemberKey, jobs: number, slots = 1): OfferingWorker {
  return { member, session: 0, offer: { slots, jobs, isOpen: true } };
}

/** A compile that runs here for so long, alone. */
function runHere(command: string, ms: number): void {
  const end = dispatcher.runsHere(command);
  clock.advance(ms);
  end(true);
}

/** A job at a worker that has begun there, or waits. */
function send(
  command: string,
  at = workers[0]!,
  runners: Runners = { isAtTwo: false, isHere: false, isOver: false },
  mayMove = true,
) {
  return dispatcher.sends(at, {
    command,
    mayMove,
    runners,
    move: () => told.push(`move ${command}`),
    race: ({ member }) => told.push(`race ${command} at ${member === b ? 'b' : 'a'}`),
    raceHere: () => told.push(`race ${command} here`),
  });
}

async function placeOf(command: string): Promise<string> {
  let chosen: Chosen | undefined;
  void dispatcher.place(command, never).then(place => (chosen = place));
  for (let turns = 0; turns < 10; turns++) await Promise.resolve();
  if (chosen === undefined) return 'later';
  return chosen.at === 'here' ? 'here' : chosen.member === a ? 'a' : 'b';
}

describe('a machine that has nothing else to do', () => {
  beforeEach(() => {
    workers = [offering(a, 1)];
    runHere('usual', 1_000);
  });

  test('races a job that is predicted to take longer than a compile here, once', () => {
    dispatcher.ran(a, 'another', 2_900);
    send('one').started();
    clock.advance(40);
    expect(told).toEqual([]); // the build's next compile may come
    clock.advance(60);
    expect(told).toEqual(['race one here']);
    clock.advance(60_000);
    expect(told).toEqual(['race one here']);
  });

  test('leaves a job alone that will be done sooner there', () => {
    dispatcher.ran(a, 'another', 900);
    send('one').started();
    clock.advance(1_300);
    expect(told).toEqual([]);
  });

  test('races one that outlasts what is usual there by half, however fast that worker was', () => {
    dispatcher.ran(a, 'another', 300);
    send('one').started();
    clock.advance(900);
    expect(told).toEqual([]); // another 900 ms at most
    clock.advance(300);
    expect(told).toEqual(['race one here']);
  });

  test('leaves a command alone that takes long here, too', () => {
    runHere('long', 20_000);
    dispatcher.ran(a, 'another', 300);
    send('long').started();
    clock.advance(19_000);
    expect(told).toEqual([]);
  });

  test('takes the one first for which everybody would wait the longest', () => {
    workers = [offering(a, 1), offering(b, 1)];
    dispatcher.ran(a, 'another', 2_000);
    dispatcher.ran(b, 'another', 2_900);
    send('one').started();
    send('two', workers[1]).started();
    clock.advance(100);
    expect(told).toEqual(['race two here']);
  });

  test('looks at a job that two workers have by the one that is done first', () => {
    workers = [offering(a, 1), offering(b, 1)];
    dispatcher.ran(a, 'another', 2_900);
    dispatcher.ran(b, 'another', 500);
    const runners = { isAtTwo: true, isHere: false, isOver: false };
    send('one', workers[0], runners).started();
    send('one', workers[1], runners).started();
    clock.advance(100);
    expect(told).toEqual([]);
  });

  test('takes back what only waits there before it races what runs', () => {
    dispatcher.ran(a, 'another', 2_900);
    send('runs').started();
    send('waits');
    const end = dispatcher.runsHere('usual');
    clock.advance(1_500);
    end(true);
    clock.advance(100);
    expect(told[0]).toBe('move waits');
  });

  test('counts the race as running here, and races no second one beside it', () => {
    workers = [offering(a, 1), offering(b, 1)];
    dispatcher.ran(a, 'another', 2_900);
    dispatcher.ran(b, 'another', 2_900);
    send('one').started();
    send('two', workers[1]).started();
    clock.advance(100);
    expect(told.length).toBe(1);
    expect(dispatcher.runningHere).toBe(1);
    const end = dispatcher.runsHere(told[0] === 'race one here' ? 'one' : 'two');
    expect(dispatcher.runningHere).toBe(1);
    clock.advance(400);
    end(true);
    clock.advance(100);
    expect(new Set(told)).toEqual(new Set(['race one here', 'race two here']));
  });

  test('races as many at once as it has slots', () => {
    dispatcher = dispatcherOf(2);
    workers = [offering(a, 3, 3)];
    runHere('usual', 1_000);
    dispatcher.ran(a, 'another', 2_900);
    for (const name of ['one', 'two', 'three']) send(name).started();
    clock.advance(260);
    expect(told).toEqual(['race one here', 'race two here']);
    expect(dispatcher.runningHere).toBe(2);
  });

  test('still has its slot for a compile that has no other place', async () => {
    dispatcher.ran(a, 'another', 2_900);
    send('one').started();
    clock.advance(100);
    expect(told).toEqual(['race one here']);
    send('fills a').started();
    expect(await placeOf('new')).toBe('here');
    expect(await placeOf('newer')).toBe('later');
  });
});

describe('a job that takes far longer than usual while this machine is busy', () => {
  beforeEach(() => {
    runHere('usual', 2_000);
    dispatcher.ran(a, 'another', 1_000);
    dispatcher.runsHere('usual');
  });

  test('goes to a free worker as well, once', () => {
    send('new').started();
    clock.advance(4_900);
    expect(told).toEqual([]);
    clock.advance(500);
    expect(told).toEqual(['race new at b']);
    clock.advance(60_000);
    expect(told).toEqual(['race new at b']);
  });

  test('goes to another worker than its own, even where that one has more slots', () => {
    workers = [offering(a, 1, 4), offering(b, 0)];
    send('new').started();
    clock.advance(5_400);
    expect(told).toEqual(['race new at b']);
  });

  test('is left alone where it always takes as long', () => {
    dispatcher.ran(b, 'long', 4_000);
    send('long').started();
    clock.advance(11_500);
    expect(told).toEqual([]);
  });

  test('stays where it is if nobody else is free', () => {
    workers = [offering(a, 1)];
    send('new').started();
    clock.advance(60_000);
    expect(told).toEqual([]);
  });
});

describe('a worker that is far slower than this machine', () => {
  beforeEach(() => {
    workers = [offering(a, 0)];
    runHere('usual', 1_000);
    dispatcher.ran(a, 'another', 500);
  });

  test('gets no more jobs as soon as one has taken too long, before that one is done', async () => {
    dispatcher.runsHere('busy');
    send('first').started();
    clock.advance(2_900);
    expect(await placeOf('second')).toBe('a');
    clock.advance(200);
    expect(await placeOf('third')).toBe('here');
  });

  test('gets no more jobs once one was given up, then one by way of trial', async () => {
    dispatcher.runsHere('busy');
    const sent = send('first');
    sent.started();
    clock.advance(4_000);
    sent.over();
    expect(await placeOf('second')).toBe('here');
    clock.advance(5_000);
    expect(await placeOf('trial')).toBe('a');
    const trial = send('trial');
    trial.started();
    expect(await placeOf('third')).toBe('later');
  });

  test('is trusted again once it has shown itself better', async () => {
    dispatcher.runsHere('busy');
    clock.advance(9_000);
    dispatcher.ran(a, 'first', 9_000);
    expect(await placeOf('second')).toBe('here');
    clock.advance(5_000);
    dispatcher.ran(a, 'trial', 800);
    const sent = send('third');
    expect(await placeOf('fourth')).toBe('a'); // to wait there
    sent.over();
  });

  test('is left alone for longer every time, but tried at once after a pause', async () => {
    const busy = dispatcher.runsHere('busy');
    clock.advance(4_000);
    dispatcher.ran(a, 'first', 4_000);
    clock.advance(6_000);
    dispatcher.ran(a, 'trial', 4_000);
    clock.advance(5_100);
    expect(await placeOf('later')).toBe('here');
    dispatcher.runsHere('later')(true);
    busy(true);
    clock.advance(3_500);
    dispatcher.runsHere('a new build');
    expect(await placeOf('at once')).toBe('a');
  });

  test('is not taken for slow by a job that is long: others have come back since it began', async () => {
    workers = [offering(a, 1, 2)];
    dispatcher.runsHere('busy');
    send('long').started();
    clock.advance(2_000);
    dispatcher.ran(a, 'another', 700);
    clock.advance(4_000);
    expect(await placeOf('next')).toBe('a');
  });
});

test('what a compile takes here is measured by its share of the slots', () => {
  workers = [offering(a, 1)];
  // Four at once on one slot: 4 s that would have been one.
  const ends = ['c1', 'c2', 'c3', 'c4'].map(command => dispatcher.runsHere(command));
  clock.advance(4_000);
  for (const end of ends) end(true);
  dispatcher.ran(a, 'another', 1_500);
  send('one').started();
  clock.advance(100);
  expect(told).toEqual(['race one here']);
});

test('a compiler that did not come to its end tells nothing of what one takes', () => {
  workers = [offering(a, 1)];
  runHere('usual', 1_000);
  dispatcher.runsHere('usual')(false);
  dispatcher.ran(a, 'another', 900);
  send('usual').started();
  clock.advance(100);
  expect(told).toEqual([]);
});
