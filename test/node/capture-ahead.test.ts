// When a machine captures its usual toolchains and sends them ahead. On virtual time.
import { beforeEach, expect, test } from 'vitest';
import { captureAhead } from '../../node/capture-ahead.ts';
import type { UsualToolchain } from '../../node/usual-toolchains.ts';
import type { Toolchain } from '../../src/farm/toolchain.ts';
import { ManualClock } from '../support/manual-clock.ts';

let clock: ManualClock;
let isLending: boolean;
let hasWorkers: boolean;
let captures: number;
let added: string[];
let stop: () => void;

beforeEach(() => {
  clock = new ManualClock();
  [isLending, hasWorkers, captures, added] = [false, true, 0, []];
  stop = captureAhead({
    clock,
    ahead: { add: ({ digest }) => void added.push(digest) },
    isLending: () => isLending,
    isNeeded: () => hasWorkers,
    async *capture() {
      captures++;
      yield* [usual('gcc'), { name: 'g++', toolchain: undefined } as const, usual('rustc')];
    },
  });
});

test('once there are workers, those of C are sent ahead, one of Rust is only captured, and that is all', async () => {
  hasWorkers = false;
  await pass(60_000);
  expect(captures).toBe(0);
  hasWorkers = true;
  await pass(1_000);
  expect(added).toEqual(['gcc']);
  await pass(60_000);
  expect(captures).toBe(1);
});

test('a machine that lends itself sends none, until it stops', async () => {
  isLending = true;
  await pass(60_000);
  expect(captures).toBe(0);
  isLending = false;
  await pass(5_000);
  expect(added).toEqual(['gcc']);
});

test('nothing is captured once it has been ended', async () => {
  hasWorkers = false;
  await pass(10_000);
  stop();
  hasWorkers = true;
  await pass(60_000);
  expect(captures).toBe(0);
});

function usual(name: UsualToolchain['name']) {
  return { name, toolchain: { digest: name } as unknown as Toolchain };
}

/** Lets what was begun go on. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise(resolve => setImmediate(resolve));
}
