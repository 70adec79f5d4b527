// The encoding: equal values are equal bytes, and nothing decodes that has a second spelling of what it says.
import { encode as cborgEncode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../src/encoding.ts';
import { SeededRandom } from './support/seeded-random.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('encoding', () => {
  it.each([
    0,
    -1,
    23,
    24,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
    0.5,
    true,
    null,
    '',
    'ä',
    [1, [2, 'x']],
    { a: 1, b: [] },
  ])('round-trips %j', value => {
    expect(decode(encode(value))).toEqual(value);
  });

  it('round-trips bytes, of a Buffer too', () => {
    const value = Uint8Array.of(1, 2, 3);
    expect(decode(encode(value))).toEqual(value);
    expect(encode(Buffer.from(value))).toEqual(encode(value));
  });

  it('does not depend on the order of a map’s keys, nor on absent ones', () => {
    expect(encode({ b: 1, a: 2, aa: 3 })).toEqual(encode({ aa: 3, a: 2, b: 1 }));
    expect(encode({ a: 1, b: undefined })).toEqual(encode({ a: 1 }));
  });

  it('spells as RFC 8949 appendix A does', () => {
    expect(encode(1000000)).toEqual(hex('1a 000f4240'));
    expect(encode([1, [2, 3]])).toEqual(hex('82 01 82 02 03'));
    expect(encode({ a: 1, b: [2, 3] })).toEqual(hex('a2 61 61 01 61 62 82 02 03'));
    expect(encode(Uint8Array.of(1, 2, 3, 4))).toEqual(hex('44 01020304'));
  });

  const numbers = [
    0,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    0.5,
    1e300,
  ];

  it('spells whatever it is given as cborg does', () => {
    const random = new SeededRandom(1);
    const below = (limit: number) => random.below(limit);
    const anything = (depth: number): unknown => {
      const kinds: (() => unknown)[] = [
        () => null,
        () => below(2) === 0,
        () => (below(2) === 0 ? 1 : -1) * random.pick(numbers),
        () => 'aä\u{1F600}'.repeat(below(60)),
        () => Buffer.alloc(below(400), 1),
        () => Array.from({ length: below(30) }, () => anything(depth + 1)),
        () =>
          Object.fromEntries(Array.from({ length: below(6) }, () => [`${below(1000)}`, anything(depth + 1)])),
        () => ({ left: undefined, kept: anything(depth + 1) }),
      ];
      return random.pick(depth > 3 ? kinds.slice(0, 5) : kinds)();
    };
    for (let i = 0; i < 2_000; i += 1) {
      const value = anything(0);
      const expected = cborgEncode(value, { float64: true, ignoreUndefinedProperties: true });
      expect(Buffer.from(encode(value)).equals(expected), JSON.stringify(value)).toBe(true);
    }
  });

  it.each([undefined, Symbol('x'), 1n, () => 0])('has no spelling for %s', value => {
    expect(() => encode([value])).toThrow(TypeError);
  });
});

describe('decoding refuses', () => {
  it.each([
    ['nothing', ''],
    ['what is cut short', '82 01'],
    ['anything after the value', '01 00'],
    ['an integer in more bytes than needed', '18 01'],
    ['an integer in far more bytes than needed', '1b 0000000000000001'],
    ['a negative integer in more bytes than needed', '38 01'],
    ['a length in more bytes than needed', '58 01 00'],
    ['a text length in more bytes than needed', '78 01 61'],
    ['an array length in more bytes than needed', '98 01 00'],
    ['a repeated key', 'a2 61 61 01 61 61 02'],
    ['a key that is no text', 'a1 01 02'],
    ['an array of unknown length', '9f 01 ff'],
    ['a map of unknown length', 'bf 61 61 01 ff'],
    ['bytes of unknown length', '5f 41 01 ff'],
    ['text of unknown length', '7f 61 61 ff'],
    ['undefined', 'f7'],
    ['not-a-number', 'fb 7ff8000000000000'],
    ['infinity', 'fb 7ff0000000000000'],
    ['integers beyond what JavaScript holds', '1b 0020000000000000'],
    ['negative integers beyond what JavaScript holds', '3b 0020000000000000'],
    ['a tag', 'c1 1a 514b67b0'],
    ['a lone break', 'ff'],
  ])('%s', (_, bytes) => {
    expect(() => decode(hex(bytes))).toThrow();
  });

  it('arrays that promise more than is there, without making room for it', () => {
    expect(() => decode(hex('9b 00000000ffffffff 01'))).toThrow();
  });

  it('nesting without end, without ending the process', () => {
    expect(() => decode(new Uint8Array(1_000_000).fill(0x81))).toThrow();
  });

  it('nothing into an object’s prototype', () => {
    const value = decode(hex('a1 69 5f5f70726f746f5f5f a1 61 61 01')) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});
