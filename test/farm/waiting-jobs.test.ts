// Which of the jobs that wait for a place goes first.
import { beforeEach, expect, test } from 'vitest';
import type { Digest } from '../../src/digest.ts';
import { WaitingJobs } from '../../src/farm/waiting-jobs.ts';

let waiting: WaitingJobs<string>;

beforeEach(() => {
  waiting = new WaitingJobs();
});

test('the largest goes first; of those that are as large, the one that came first', () => {
  for (const [command, sizeBytes] of [
    ['small', 10],
    ['large', 30],
    ['as large', 30],
    ['medium', 20],
  ] as const)
    add(command, sizeBytes);
  expect(takeAll()).toEqual(['large', 'as large', 'medium', 'small']);
});

test('a small one is overtaken eight times, then it is its turn', () => {
  add('small', 1);
  for (let i = 0; i < 9; i++) add(`large ${i}`, 100);
  const taken = takeAll();
  expect(taken[8]).toBe('small');
  expect(taken[9]).toBe('large 8');
});

test('one that is not wanted any more is not taken, and those that stop waiting are all told', () => {
  const gone = add('gone', 100);
  add('stays', 1);
  waiting.delete(gone);
  expect(waiting.next()?.command).toBe('stays');
  expect(waiting.clear().map(({ command }) => command)).toEqual(['stays']);
  expect(waiting.size).toBe(0);
});

function add(command: string, sizeBytes: number) {
  const job = { command: command as Digest, sizeBytes, choose: () => {} };
  waiting.add(job);
  return job;
}

function takeAll(): string[] {
  const taken: string[] = [];
  for (let next = waiting.next(); next !== undefined; next = waiting.next()) {
    waiting.take(next);
    taken.push(next.command);
  }
  return taken;
}
