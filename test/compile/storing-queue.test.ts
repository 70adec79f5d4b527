// When what compiles made is stored: with a processor free, when too much waits, and when it is asked for.
import { beforeEach, describe, expect, test } from 'vitest';
import { StoringQueue } from '../../src/compile/storing-queue.ts';
import { digestOf } from '../../src/digest.ts';
import { storingWaitBytesMax, storingWaitMsMax, storingWaitMsMaxInTeam } from '../../src/limits.ts';
import { ManualClock } from '../support/manual-clock.ts';

const [a, b] = [digestOf('a'), digestOf('b')];

describe('what a compile made', () => {
  let clock: ManualClock;
  let queue: StoringQueue;
  let stored: string[];
  let errors: unknown[];
  let isInTeam: boolean;
  const queueFor = (processors: number) =>
    new StoringQueue({
      ...{ clock, processors, isInTeam: () => isInTeam },
      onError: error => errors.push(error),
    });

  beforeEach(() => {
    clock = new ManualClock();
    stored = [];
    errors = [];
    isInTeam = false;
    queue = queueFor(2);
  });

  const add = (name: string, key = a, bytes = 1) => queue.add(key, bytes, async () => void stored.push(name));
  /** Lets time pass, and what becomes possible with it happen. */
  const pass = async (ms: number) => {
    clock.advance(ms);
    for (let i = 0; i < 20; i++) {
      await Promise.resolve();
      clock.advance(0);
    }
  };

  test('is stored at once where commands run one after the other, on one processor too', async () => {
    queue = queueFor(1);
    for (const name of ['one', 'two']) {
      queue.runs()();
      add(name);
    }
    expect(stored).toEqual(['one', 'two']);
    await pass(0);
    expect(queue.count).toBe(0);
  });

  test('waits while as many compiles run as there are processors, and a little longer', async () => {
    queue.runs();
    const end = queue.runs();
    add('one');
    await pass(10_000);
    end();
    await pass(40);
    queue.runs()(); // the next one of the build, a short one
    await pass(40);
    expect(stored).toEqual([]);
    await pass(10);
    expect(stored).toEqual(['one']);
  });

  test('waits no longer than its limit, whatever runs', async () => {
    for (let i = 0; i < 3; i++) queue.runs();
    add('one');
    await pass(storingWaitMsMax - 2_000);
    add('two');
    expect(stored).toEqual([]);
    await pass(3_000);
    expect(stored).toEqual(['one']);
  });

  test('waits for seconds only while teammates may want it', async () => {
    isInTeam = true;
    for (let i = 0; i < 3; i++) queue.runs();
    add('one');
    await pass(storingWaitMsMaxInTeam);
    expect(stored).toEqual([]);
    await pass(1_000);
    expect(stored).toEqual(['one']);
  });

  test('is stored, the oldest first, where too much waits', async () => {
    for (let i = 0; i < 2; i++) queue.runs();
    add('one', a, storingWaitBytesMax / 2);
    add('two', a, storingWaitBytesMax / 2);
    await pass(0);
    expect(stored).toEqual([]);
    add('three', a, 1);
    await pass(1_000);
    expect(stored).toEqual(['one']);
  });

  test('is stored before one that asks for it goes on, with others left waiting', async () => {
    for (let i = 0; i < 2; i++) queue.runs();
    add('one', a);
    add('other', b);
    await queue.settle(a);
    expect(stored).toEqual(['one']);
    await queue.settle(a);
    expect(queue.count).toBe(1);
  });

  test('is waited for while it is being stored', async () => {
    let finish = () => {};
    queue.add(a, 1, () => new Promise(resolve => (finish = resolve)));
    await pass(0);
    let isSettled = false;
    const settled = queue.settle(a).then(() => (isSettled = true));
    await pass(0);
    expect(isSettled).toBe(false);
    finish();
    await settled;
  });

  test('costs itself alone where it fails', async () => {
    queue.add(a, 1, () => Promise.reject(new Error('full')));
    add('two');
    await pass(0);
    expect(stored).toEqual(['two']);
    expect(errors).toEqual([new Error('full')]);
  });

  test('costs itself alone where it throws before it has begun, too', async () => {
    const end = queue.runs();
    queue.add(a, 1, () => {
      throw new Error('gone');
    });
    add('two');
    await pass(100);
    end();
    expect(stored).toEqual(['two']);
    expect(errors).toEqual([new Error('gone')]);
  });

  test('is stored once, whoever asks for it meanwhile', async () => {
    for (let i = 0; i < 2; i++) queue.runs();
    add('one');
    add('two');
    const settled = Promise.all([queue.settleAll(), queue.settleAll(), queue.settle(a)]);
    await pass(0);
    await settled;
    expect(stored).toEqual(['one', 'two']);
  });

  test('is stored at the end; nothing comes after that', async () => {
    const ends = [queue.runs(), queue.runs()];
    add('one');
    const closed = queue.close();
    await pass(0);
    await closed;
    for (const end of ends) end();
    add('two');
    await pass(storingWaitMsMax);
    expect(stored).toEqual(['one']);
  });
});
