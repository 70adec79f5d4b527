// What the observer's notes amount to, where no compiler at hand writes such notes.
import { expect, test } from 'vitest';
import { readObservation } from '../../src/compile/observation.ts';

const second = 1_000_000_000n;
const stamp = (path: string, modifiedS: bigint) =>
  `I1,2,3,${(modifiedS * second + 5n).toString(16)},7 ${path}`;

/** A log of these notes, each a kind and a path, after those of a compiler that starts. */
function logOf(...notes: string[]): Buffer {
  const body = Buffer.from(['P/usr/bin/cc', ...notes].map(note => `${note}\0`).join(''));
  const header = Buffer.alloc(32);
  header.writeBigUInt64LE(0x31304f5350325032n, 0);
  header.writeBigUInt64LE(BigInt(header.length + body.length), 8);
  return Buffer.concat([header, body]);
}

test('a time told in words is that of the read files that were changed then', () => {
  const seen = readObservation(
    logOf('Ra.c', stamp('a.c', 99n), 'Rb.h', stamp('b.h', 100n), 'Rc.h', stamp('c.h', 100n), 'T100'),
  );
  expect(seen).toMatchObject({ dated: new Set(['b.h', 'c.h']) });
});

test.each([
  ['the present', 'T', 'reads-the-time'],
  ['no read file’s', 'T101', 'reads-the-time'],
  ['no time', 'Tnow', 'not-observed'],
])('a time told in words that is %s makes a run that is not cached', (_, note, reason) => {
  expect(readObservation(logOf('Ra.c', stamp('a.c', 100n), note))).toEqual({ uncached: reason });
});
