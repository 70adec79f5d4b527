// How the commands show sizes, spans and tables, and what they read as a span.
import { expect, test } from 'vitest';
import { formatBytes, formatDuration, parseDuration, table } from '../../cli/output.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [123_456_789, '123 MB'],
  [10_737_418_240, '10.7 GB'],
])('%d bytes', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [12.3, '12 ms'],
  [12_340, '12.3 s'],
  [125_000, '2 min 5 s'],
  [3_600_000 * 3 + 60_000 * 20, '3 h 20 min'],
])('%d ms', (ms, text) => expect(formatDuration(ms)).toBe(text));

test.each([
  ['250ms', 250],
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(['', '1', '1 hour', '-1h', '1.5h', '99999999d'])('"%s" is no span', text => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
});

test('a table is as wide as its cells', () => {
  expect(
    table([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
  ).toBe('a    bb\nccc  d');
});
