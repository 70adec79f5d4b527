// A libp2p stream as a sequence of frames, with what the bare stream lacks: sending that waits for room, in turn and with a
// bound, many small frames at a time; and reading that ends with the stream on the first broken frame.
import type { Stream } from '@libp2p/interface';
import { frameSizeBytesMax, sendQueueBytesMax } from '../../src/limits.ts';
import { encodeFrame, FrameReader, ProtocolError } from '../../src/protocol/frames.ts';
import { spareWindowUpdates } from './window-updates.ts';

export interface FramedStreamInit {
  readonly stream: Stream;
  /** Called for each decoded frame, in order; may throw a ProtocolError, which ends the stream. */
  onFrame(value: unknown): void;
  /** Called once when the stream is over, with the ProtocolError where the other side caused it. */
  onEnd(error: unknown): void;
  readonly frameSizeBytesMax?: number;
}

/** Frames that go out together: a message of its own costs either side about a millisecond on a slow machine. */
interface Batch {
  readonly frames: Uint8Array[];
  sizeBytes: number;
  readonly sent: Promise<void>;
}

/** Beyond this nothing is saved: it is one message of the encryption. */
const batchBytesMin = 64 * 1024;

export class FramedStream {
  readonly #stream: Stream;
  readonly #init: FramedStreamInit;
  readonly #reader: FrameReader;
  readonly #sizeBytesMax: number;
  #turn: Promise<void> = Promise.resolve();
  /** Takes what is sent until its turn comes. */
  #batch: Batch | undefined;
  #queuedBytes = 0;
  #hasEnded = false;

  constructor(init: FramedStreamInit) {
    this.#init = init;
    this.#stream = init.stream;
    spareWindowUpdates(init.stream);
    this.#sizeBytesMax = init.frameSizeBytesMax ?? frameSizeBytesMax;
    this.#reader = new FrameReader(this.#sizeBytesMax);
    this.#stream.addEventListener('message', ({ data }) => this.#read(data.subarray()));
    this.#stream.addEventListener('remoteCloseWrite', () => this.close());
    this.#stream.addEventListener('close', event => this.#end(event.error));
    if (this.#stream.status !== 'open') queueMicrotask(() => this.#end(undefined));
  }

  get isOpen(): boolean {
    return !this.#hasEnded;
  }

  /** Resolves once the stream has taken the frame and has room for more: whoever awaits it sends no faster than the other
   * side reads. Frames of several senders take turns. Rejects when the stream ends first. */
  send(value: unknown): Promise<void> {
    const frame = encodeFrame(value, this.#sizeBytesMax);
    this.#queuedBytes += frame.byteLength;
    if (this.#queuedBytes > sendQueueBytesMax) {
      this.abort(new ProtocolError('slow-reader', 'the other side does not read'));
    }
    const batch = this.#batch ?? this.#newBatch();
    batch.frames.push(frame);
    batch.sizeBytes += frame.byteLength;
    if (batch.sizeBytes >= batchBytesMin) this.#batch = undefined;
    return batch.sent;
  }

  /** Sends what nobody waits for: an error ends the stream, and `onEnd` tells. */
  post(value: unknown): void {
    this.send(value).catch(() => undefined);
  }

  /** Sends what is queued, then closes. */
  close(): void {
    void this.#turn.then(() => this.#stream.close()).catch(error => this.#stream.abort(asError(error)));
  }

  abort(error: Error): void {
    this.#stream.abort(error);
    this.#end(error);
  }

  #newBatch(): Batch {
    const sent: Promise<void> = this.#turn.then(() => this.#sendNow(batch));
    const batch: Batch = { frames: [], sizeBytes: 0, sent };
    this.#turn = sent.catch(() => undefined);
    this.#batch = batch;
    return batch;
  }

  async #sendNow(batch: Batch): Promise<void> {
    if (this.#batch === batch) this.#batch = undefined;
    this.#queuedBytes -= batch.sizeBytes;
    if (this.#hasEnded) throw new Error('the stream has ended');
    const { frames } = batch;
    this.#stream.send(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    while (this.#stream.writableNeedsDrain) await this.#drained();
  }

  /** The next 'drain' event. Not stream.onDrain(), whose promise is never renewed and so works only once. */
  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#hasEnded) return reject(new Error('the stream has ended'));
      const onDrain = () => {
        this.#stream.removeEventListener('close', onClose);
        resolve();
      };
      const onClose = () => {
        this.#stream.removeEventListener('drain', onDrain);
        reject(new Error('the stream has ended'));
      };
      this.#stream.addEventListener('drain', onDrain, { once: true });
      this.#stream.addEventListener('close', onClose, { once: true });
    });
  }

  #read(bytes: Uint8Array): void {
    try {
      for (const value of this.#reader.push(bytes)) {
        if (this.#hasEnded) return;
        this.#init.onFrame(value);
      }
    } catch (error) {
      this.abort(asError(error));
    }
  }

  #end(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#init.onEnd(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
