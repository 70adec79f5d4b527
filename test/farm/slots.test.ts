// Slots: so many at once, the rest in turn, and a job that is cancelled while it waits takes nobody's place.
import { expect, test } from 'vitest';
import { Slots } from '../../src/farm/slots.ts';

const patient = new AbortController().signal;

test('a slot passes to whoever waits longest, and each is given back once', async () => {
  const slots = new Slots(1, () => {});
  const release = await slots.take(patient);
  const order: string[] = [];
  const waiting = ['a', 'b'].map(name =>
    slots.take(patient).then(next => {
      order.push(name);
      next();
    }),
  );
  expect(slots.jobs).toBe(3);
  release();
  release();
  await Promise.all(waiting);
  expect(order).toEqual(['a', 'b']);
  expect(slots.jobs).toBe(0);
});

test('whoever is cancelled while waiting leaves the queue', async () => {
  const slots = new Slots(1, () => {});
  const release = await slots.take(patient);
  const abort = new AbortController();
  const cancelled = slots.take(abort.signal);
  expect(slots.isFull).toBe(true);
  abort.abort(new Error('cancelled'));
  await expect(cancelled).rejects.toThrow('cancelled');
  expect(slots.isFull).toBe(false);
  release();
  expect(slots.jobs).toBe(0);
});
