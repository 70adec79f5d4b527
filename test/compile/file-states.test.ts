// What is at a path: digests that are remembered, and those that are taken as they were a moment ago.
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStates } from '../../src/compile/file-states.ts';
import { digestOf } from '../../src/digest.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function fileAged(text: string) {
  const path = join(await temporaryFolder(), 'a.h');
  const clock = new ManualClock();
  const states = new FileStates(clock);
  /** Long ago, so that its digest is remembered: the two differ in size. */
  const write = (content: string) => {
    writeFileSync(path, content);
    utimesSync(path, 1, 1);
  };
  write(text);
  clock.advance(Date.now() - clock.nowMs() + 60_000);
  return { path, clock, states, write };
}

test('a change of the last moments is seen by whoever asks, and for a while not by whoever asks what was there lately', async () => {
  const { path, clock, states, write } = await fileAged('old');
  expect(states.lately(path)).toBe(digestOf('old'));
  write('newer');
  expect(states.lately(path)).toBe(digestOf('old'));
  clock.advance(2_000);
  expect(states.lately(path)).toBe(digestOf('newer'));
  write('newest of all');
  expect(states.stateOf(path)).toBe(digestOf('newest of all'));
  expect(states.lately(path)).toBe(digestOf('newest of all'));
});

test('a file that is not settled is not remembered, nor what was there before', async () => {
  const { path, clock, states, write } = await fileAged('old');
  expect(states.stateOf(path)).toBe(digestOf('old'));
  clock.advance(Date.now() - clock.nowMs());
  write('newer');
  expect(states.stateOf(path)).toBe(digestOf('newer'));
  write('newest of all');
  expect(states.lately(path)).toBe(digestOf('newest of all'));
});
