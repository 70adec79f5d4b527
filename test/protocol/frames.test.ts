// Frames: any way of cutting the bytes gives the same values; what breaks the rules is named and costs no memory.
import { expect, test } from 'vitest';
import { encodeFrame, FrameReader, ProtocolError } from '../../src/protocol/frames.ts';
import { SeededRandom } from '../support/seeded-random.ts';

function readAll(reader: FrameReader, bytes: Uint8Array): unknown[] {
  return [...reader.push(bytes)];
}

test('values come out whole however the stream is cut', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new SeededRandom(seed);
    const values = Array.from({ length: 20 }, () => [
      'chunk',
      Buffer.from(random.bytes(random.below(2_000))).toString('hex'),
    ]);
    const stream = Buffer.concat(values.map(value => encodeFrame(value)));
    const reader = new FrameReader();
    const read: unknown[] = [];
    for (let at = 0; at < stream.byteLength; ) {
      const size = 1 + random.below(random.fraction() < 0.5 ? 7 : 9_000);
      read.push(...readAll(reader, stream.subarray(at, at + size)));
      at += size;
    }
    expect(read, `seed ${seed}`).toEqual(values);
  }
});

test('an oversized frame is refused by its header alone', () => {
  const header = Buffer.from([0x00, 0x80, 0x00, 0x01]);
  expect(() => readAll(new FrameReader(0x80_0000), header)).toThrow(
    expect.objectContaining({ reason: 'oversized-frame' }),
  );
});

test('garbage is a ProtocolError', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new SeededRandom(seed);
    const body = random.bytes(1 + random.below(40));
    const reader = new FrameReader(1_000);
    try {
      readAll(reader, Buffer.concat([Buffer.from([0, 0, 0, body.byteLength]), body]));
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(ProtocolError);
    }
  }
});

test('an empty frame and one with something after the value are malformed', () => {
  const malformed = expect.objectContaining({ reason: 'malformed-frame' });
  expect(() => readAll(new FrameReader(), Buffer.from([0, 0, 0, 0]))).toThrow(malformed);
  expect(() => readAll(new FrameReader(), Buffer.from([0, 0, 0, 2, 1, 1]))).toThrow(malformed);
});

test('our own frames never exceed the bound', () => {
  expect(() => encodeFrame(new Uint8Array(100), 50)).toThrow(RangeError);
});
