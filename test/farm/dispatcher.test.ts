// What becomes of jobs that have been sent: raced, taken back, left alone.
import { beforeEach, describe, expect, test } from 'vitest';
import { Dispatcher } from '../../src/farm/dispatcher.ts';
import type { OfferingWorker } from '../../src/farm/farm-network.ts';
import { generateIdentity, type MemberKey } from '../../src/team/identity.ts';
import { ManualClock } from '../support/manual-clock.ts';

const [a, b] = [generateIdentity().key, generateIdentity().key] as [MemberKey, MemberKey];

function offering(member: MemberKey, jobs: number): OfferingWorker {
  return { member, session: 0, offer: { slots: 1, jobs, isOpen: true } };
}

describe('a job that takes far longer than usual', () => {
  let clock: ManualClock;
  let workers: OfferingWorker[];
  let dispatcher: Dispatcher;
  let told: string[];

  beforeEach(() => {
    clock = new ManualClock();
    workers = [offering(a, 1), offering(b, 0)];
    told = [];
    dispatcher = new Dispatcher({
      network: { workers: () => workers, run: () => Promise.reject(new Error()), onChange: () => () => {} },
      clock,
      random: { bytes: count => new Uint8Array(count), fraction: () => 0 },
      localSlots: 1,
      mayWork: () => true,
      onRanHere: () => {},
    });
    dispatcher.ran(a, 'another', 1_000);
  });

  /** A job at `a` that has begun there. */
  const send = (command = 'new') => {
    const sent = dispatcher.sends(a, {
      mayMove: true,
      isRaced: false,
      command,
      recall: reason => told.push(reason),
      race: ({ member }) => told.push(member === b ? 'raced with b' : 'raced with a'),
    });
    sent.started();
    return sent;
  };

  test('goes to a free worker as well, once; much later it is taken back', () => {
    send();
    clock.advance(4_900);
    expect(told).toEqual([]);
    clock.advance(500);
    expect(told).toEqual(['raced with b']);
    clock.advance(14_000);
    expect(told).toEqual(['raced with b']);
    clock.advance(1_000);
    expect(told.slice(0, 2)).toEqual(['raced with b', 'straggler']);
  });

  test('goes to another worker than its own, even where that one has more slots', () => {
    workers = [{ member: a, session: 0, offer: { slots: 4, jobs: 1, isOpen: true } }, offering(b, 0)];
    send();
    clock.advance(5_400);
    expect(told).toEqual(['raced with b']);
  });

  test('is left alone where it always takes as long', () => {
    dispatcher.ran(b, 'long', 4_000);
    send('long');
    clock.advance(11_500);
    expect(told).toEqual([]);
  });

  test('makes its worker count as slow once it is taken back', () => {
    workers = [offering(a, 1)];
    const sent = send();
    clock.advance(10_500);
    expect(told).toEqual(['straggler']);
    sent.over();
    workers.push(offering(b, 0));
    send();
    clock.advance(5_400);
    expect(told).toEqual(['straggler']);
  });

  test('is not raced where nobody else is free, and not taken back while this machine is busy', () => {
    workers = [offering(a, 1)];
    const ends = dispatcher.runsHere();
    send();
    clock.advance(60_000);
    expect(told).toEqual([]);
    ends();
    expect(told).toEqual(['straggler']);
  });
});
