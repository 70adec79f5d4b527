// A stream read as a conversation: send, then wait for the next frame. For the protocols with people who are no members
// yet, where both sides take turns.
import type { Stream } from '@libp2p/interface';
import { CodedError } from '../../src/errors.ts';
import { strangerFrameSizeBytesMax } from '../../src/limits.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';
import { FramedStream } from './framed-stream.ts';

/** Frames that may have arrived before they are read: a whole ledger at most. */
const unreadFramesMax = 4_096;

export class Conversation {
  readonly #framed: FramedStream;
  readonly #unread: unknown[] = [];
  #reader: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;
  #ended: { readonly error: unknown } | undefined;
  readonly #onEnded: ((error: unknown) => void)[] = [];

  constructor(stream: Stream) {
    this.#framed = new FramedStream({
      stream,
      frameSizeBytesMax: strangerFrameSizeBytesMax,
      onFrame: value => this.#onFrame(value),
      onEnd: error => this.#onEnd(error),
    });
  }

  /** The other side's next frame. Rejects with UNREACHABLE once it has left, or with the signal's reason. */
  async next(signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    if (this.#unread.length > 0) return this.#unread.shift();
    if (this.#ended !== undefined) throw hangUp(this.#ended.error);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#reader = { resolve, reject };
    try {
      return await promise;
    } finally {
      this.#reader = undefined;
      signal.removeEventListener('abort', onAbort);
    }
  }

  send(value: unknown): Promise<void> {
    return this.#framed.send(value);
  }

  get isOpen(): boolean {
    return this.#framed.isOpen;
  }

  /** Calls back once the conversation is over, however it ended. */
  onEnded(callback: (error: unknown) => void): void {
    if (this.#ended !== undefined) callback(this.#ended.error);
    else this.#onEnded.push(callback);
  }

  /** Sends what is queued, then closes. */
  close(): void {
    this.#framed.close();
  }

  abort(error: Error): void {
    this.#framed.abort(error);
  }

  #onFrame(value: unknown): void {
    if (this.#reader !== undefined) {
      this.#reader.resolve(value);
      this.#reader = undefined;
    } else if (this.#unread.length >= unreadFramesMax) {
      throw new ProtocolError('too-many-frames', 'frames that nobody asked for');
    } else {
      this.#unread.push(value);
    }
  }

  #onEnd(error: unknown): void {
    this.#ended = { error };
    this.#reader?.reject(hangUp(error));
    for (const callback of this.#onEnded) callback(error);
  }
}

function hangUp(error: unknown): Error {
  if (error instanceof ProtocolError) return error;
  return new CodedError('UNREACHABLE', 'the other side has left', { cause: error });
}
