// Frames over a real stream of two hosts: in order and whole, however many there are, and with few messages for many small ones.
import type { Stream } from '@libp2p/interface';
import { beforeEach, expect, test } from 'vitest';
import { FramedStream } from '../../../node/libp2p/framed-stream.ts';
import { bareHost } from '../../support/bare-host.ts';
import { until } from '../../support/swarm-rig.ts';

const protocol = '/test/frames/1';
let sender: FramedStream;
let received: unknown[];
/** What the sender's side was sent beside frames, and sent itself. */
let windowUpdates: number;
let messages: number;

beforeEach(async () => {
  const [here, there] = await Promise.all([bareHost(), bareHost()]);
  received = [];
  await there.handle(protocol, stream => {
    new FramedStream({ stream, onFrame: value => received.push(value), onEnd: () => {} });
  });
  const connection = await here.dial(there.getMultiaddrs()[0]!);
  const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(5_000) });
  windowUpdates = messages = 0;
  count(stream, 'handleWindowUpdate', () => windowUpdates++);
  count(stream, 'send', () => messages++);
  sender = new FramedStream({ stream, onFrame: () => {}, onEnd: () => {} });
});

/** Has `onCall` called before each call of the stream's method, which must be there. */
function count(stream: Stream, name: string, onCall: () => void): void {
  const methods = stream as unknown as Record<string, (...args: unknown[]) => unknown>;
  const method = methods[name]!;
  methods[name] = (...args) => {
    onCall();
    return method.apply(stream, args);
  };
}

test('frames of one moment are one message', async () => {
  for (let i = 0; i < 10; i++) sender.post(i);
  await until(() => received.length === 10);
  expect(received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(messages).toBe(1);
});

test('small frames are not answered one by one', async () => {
  for (let i = 0; i < 50; i++) {
    await sender.send(i);
    await until(() => received.length === i + 1);
  }
  expect(windowUpdates).toBeLessThanOrEqual(1); // the one that opens the stream
});

test('many megabytes get through, in order', async () => {
  const frames = Array.from({ length: 200 }, (_, i) => Buffer.alloc(50_000, i));
  const sent = Promise.all(frames.map(frame => sender.send(frame)));
  await until(() => received.length === frames.length);
  await sent;
  expect(received.map((each, i) => Buffer.compare(each as Uint8Array, frames[i]!))).toEqual(
    frames.map(() => 0),
  );
  expect(windowUpdates).toBeGreaterThan(1);
});
