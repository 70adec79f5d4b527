// Two that write one file at the same time: neither compile's output is believed.
import { expect, test } from 'vitest';
import { RunningOutputs } from '../../src/compile/running-outputs.ts';
import { digestOf } from '../../src/digest.ts';

const [a, b] = [digestOf('a'), digestOf('b')];

test('two compiles of another kind are not alone, two of the same are', () => {
  const outputs = new RunningOutputs();
  const first = outputs.begin('/x.o', a);
  const same = outputs.begin('/x.o', a);
  expect([first.isAlone(), same.isAlone()]).toEqual([true, true]);
  const other = outputs.begin('/x.o', b);
  expect([first.isAlone(), same.isAlone(), other.isAlone()]).toEqual([false, false, false]);
});

test('what a launcher restored while a compile ran is heard of before the compile is believed', () => {
  const told: string[] = [];
  const outputs: RunningOutputs = new RunningOutputs(() => {
    for (const path of told.splice(0)) outputs.meet(path);
  });
  told.push('/x.o');
  const running = outputs.begin('/x.o', a);
  expect(running.isAlone()).toBe(true);
  told.push('/y.o');
  expect(running.isAlone()).toBe(true);
  told.push('/x.o');
  expect(running.isAlone()).toBe(false);
});

test('what has ended is met no more', () => {
  const outputs = new RunningOutputs();
  outputs.begin('/x.o', a).end();
  expect(outputs.begin('/x.o', b).isAlone()).toBe(true);
});
