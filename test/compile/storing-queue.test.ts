// When what compiles made is stored: with a processor free, when too much waits, and when it is asked for.
import { beforeEach, describe, expect, test } from 'vitest';
import { StoringQueue } from '../../src/compile/storing-queue.ts';
import { digestOf } from '../../src/digest.ts';
import { storingWaitMsMax, storingWaitMsMaxInTeam } from '../../src/limits.ts';
import { ManualClock } from '../support/manual-clock.ts';

const bytesMax = 1000;
const [a, b] = [digestOf('a'), digestOf('b')];

const one = { key: a, bytes: 1, isUrgent: true };

describe('what a compile made', () => {
  let clock: ManualClock;
  let queue: StoringQueue;
  let stored: string[];
  let errors: unknown[];
  let isInTeam: boolean;
  const queueFor = (processors: number) =>
    new StoringQueue({
      ...{ clock, processors, bytesMax, isInTeam: () => isInTeam },
      onError: error => errors.push(error),
    });

  beforeEach(() => {
    clock = new ManualClock();
    stored = [];
    errors = [];
    isInTeam = false;
    queue = queueFor(2);
  });

  const add = (name: string, key = a, bytes = 1, isUrgent = true) =>
    queue.add({ key, bytes, isUrgent, store: async () => void stored.push(name) });
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
      queue.runs(false)();
      add(name);
    }
    expect(stored).toEqual(['one', 'two']);
    await pass(0);
    expect(queue.count).toBe(0);
  });

  test('waits while as many compiles run as there are processors, and a little longer', async () => {
    queue.runs(false);
    const end = queue.runs(false);
    add('one');
    await pass(10_000);
    end();
    await pass(40);
    queue.runs(false)(); // the next one of the build, a short one
    await pass(40);
    expect(stored).toEqual([]);
    await pass(10);
    expect(stored).toEqual(['one']);
  });

  test('waits a moment where its inputs are settled: the next command of the build may be about to begin', async () => {
    for (const name of ['one', 'two']) {
      const end = queue.runs(true);
      await pass(10);
      end();
      add(name, a, 1, false);
      await pass(40);
    }
    expect(stored).toEqual([]);
    await pass(10);
    expect(stored).toEqual(['one', 'two']);
  });

  test('waits while a single compile runs that keeps every processor busy', async () => {
    const end = queue.runs(true);
    const endOther = queue.runs(false);
    add('one');
    endOther();
    await pass(10_000);
    expect(stored).toEqual([]);
    end();
    await pass(50);
    expect(stored).toEqual(['one']);
  });

  test('waits no longer than its limit, whatever runs', async () => {
    for (let i = 0; i < 3; i++) queue.runs(false);
    add('one');
    await pass(storingWaitMsMax - 2_000);
    add('two');
    expect(stored).toEqual([]);
    await pass(3_000);
    expect(stored).toEqual(['one']);
  });

  test('waits for seconds only while teammates may want it', async () => {
    isInTeam = true;
    for (let i = 0; i < 3; i++) queue.runs(false);
    add('one');
    await pass(storingWaitMsMaxInTeam);
    expect(stored).toEqual([]);
    await pass(1_000);
    expect(stored).toEqual(['one']);
  });

  test('is stored, the oldest first, where too much waits', async () => {
    for (let i = 0; i < 2; i++) queue.runs(false);
    add('one', a, bytesMax / 2);
    add('two', a, bytesMax / 2);
    await pass(0);
    expect(stored).toEqual([]);
    add('three', a, 1);
    await pass(1_000);
    expect(stored).toEqual(['one']);
  });

  test('is stored before one that asks for it goes on, with others left waiting', async () => {
    for (let i = 0; i < 2; i++) queue.runs(false);
    add('one', a);
    add('other', b);
    await queue.settle(a);
    expect(stored).toEqual(['one']);
    await queue.settle(a);
    expect(queue.count).toBe(1);
  });

  test('is waited for while it is being stored', async () => {
    let finish = () => {};
    queue.add({ ...one, store: () => new Promise(resolve => (finish = resolve)) });
    await pass(0);
    let isSettled = false;
    const settled = queue.settle(a).then(() => (isSettled = true));
    await pass(0);
    expect(isSettled).toBe(false);
    finish();
    await settled;
  });

  test('costs itself alone where it fails', async () => {
    queue.add({ ...one, store: () => Promise.reject(new Error('full')) });
    add('two');
    await pass(0);
    expect(stored).toEqual(['two']);
    expect(errors).toEqual([new Error('full')]);
  });

  test('costs itself alone where it throws before it has begun, too', async () => {
    const end = queue.runs(false);
    const store = () => {
      throw new Error('gone');
    };
    queue.add({ ...one, store });
    add('two');
    await pass(100);
    end();
    expect(stored).toEqual(['two']);
    expect(errors).toEqual([new Error('gone')]);
  });

  test('is stored once, whoever asks for it meanwhile', async () => {
    for (let i = 0; i < 2; i++) queue.runs(false);
    add('one');
    add('two');
    const settled = Promise.all([queue.settleAll(), queue.settleAll(), queue.settle(a)]);
    await pass(0);
    await settled;
    expect(stored).toEqual(['one', 'two']);
  });

  test('is stored at the end; nothing comes after that', async () => {
    const ends = [queue.runs(false), queue.runs(false)];
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
