// Two runs of one job, and which of them counts.
import { expect, test } from 'vitest';
import type { OfferingWorker } from '../../src/farm/farm-network.ts';
import { race } from '../../src/farm/race.ts';
import { generateIdentity } from '../../src/team/identity.ts';

const [slow, quick] = [0, 1].map(
  (session): OfferingWorker => ({
    member: generateIdentity().key,
    session,
    offer: { slots: 1, jobs: 0, isOpen: true, running: [] },
  }),
) as [OfferingWorker, OfferingWorker];

/** Workers whose outcomes the test hands out. */
class Runs {
  readonly ended = new Map<OfferingWorker, PromiseWithResolvers<string>>();
  readonly cancelled = new Set<OfferingWorker>();
  add: (other: OfferingWorker) => void = () => {};

  start = (worker: OfferingWorker, add: (other: OfferingWorker) => void, signal: AbortSignal) => {
    const run = Promise.withResolvers<string>();
    this.ended.set(worker, run);
    this.add = add;
    signal.addEventListener('abort', () => {
      this.cancelled.add(worker);
      run.reject(signal.reason);
    });
    return run.promise;
  };
}

const decides = (outcome: string) => outcome !== 'refused';
const never = new AbortController().signal;

test('the first outcome counts, and the other run is cancelled', async () => {
  const runs = new Runs();
  const raced = race(slow, runs.start, decides, never);
  runs.add(quick);
  runs.ended.get(quick)!.resolve('done');
  expect(await raced).toEqual({ outcome: 'done', from: quick });
  expect(runs.cancelled.has(slow)).toBe(true);
});

test('a second worker that refuses leaves the first one to it', async () => {
  const runs = new Runs();
  const raced = race(slow, runs.start, decides, never);
  runs.add(quick);
  runs.ended.get(quick)!.resolve('refused');
  await runs.ended.get(quick)!.promise;
  expect(runs.cancelled.has(slow)).toBe(false);
  runs.ended.get(slow)!.resolve('done');
  expect(await raced).toEqual({ outcome: 'done', from: slow });
});

test('where nobody is left, the last refusal is the outcome', async () => {
  const runs = new Runs();
  const raced = race(slow, runs.start, decides, never);
  runs.add(quick);
  runs.ended.get(slow)!.resolve('refused');
  await runs.ended.get(slow)!.promise;
  runs.ended.get(quick)!.resolve('refused');
  expect(await raced).toEqual({ outcome: 'refused', from: quick });
});

test('whoever gives up cancels both', async () => {
  const runs = new Runs();
  const gaveUp = new AbortController();
  const raced = race(slow, runs.start, decides, gaveUp.signal);
  runs.add(quick);
  gaveUp.abort(new Error('interrupted'));
  await expect(raced).rejects.toThrow('interrupted');
  expect(runs.cancelled).toEqual(new Set([slow, quick]));
});
