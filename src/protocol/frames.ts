// Frames: how values travel on every peer stream. A frame is a 4-byte big-endian length and that many bytes of
// deterministic CBOR.
// Goals: bounded memory whatever the other side sends; no copy of large frames beyond one.
// Non-goals: compression, checksums (the connection has them), resuming (a broken stream is opened anew).
import { decode, encode } from '../encoding.ts';
import { frameSizeBytesMax } from '../limits.ts';

/** Whatever breaks a protocol's rules; the stream that carried it is closed and the reason counted. */
export class ProtocolError extends Error {
  /** A short stable word for the counters. */
  readonly reason: string;

  constructor(reason: string, detail: string) {
    super(detail);
    this.name = 'ProtocolError';
    this.reason = reason;
  }
}

const headerBytes = 4;

/** The frame that carries `value`. Throws a RangeError where it would exceed `sizeBytesMax`: our own mistake. */
export function encodeFrame(value: unknown, sizeBytesMax = frameSizeBytesMax): Uint8Array {
  const body = encode(value);
  if (body.byteLength > sizeBytesMax) throw new RangeError(`a frame of ${body.byteLength} bytes`);
  const frame = new Uint8Array(headerBytes + body.byteLength);
  new DataView(frame.buffer).setUint32(0, body.byteLength);
  frame.set(body, headerBytes);
  return frame;
}

/** Cuts a byte stream into decoded frames. Once it has thrown, the stream is beyond repair. */
export class FrameReader {
  readonly #sizeBytesMax: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** Size of the frame under way, once its header is there. */
  #expected: number | undefined;

  constructor(sizeBytesMax = frameSizeBytesMax) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** The values completed by these bytes. Throws a ProtocolError on an oversized or malformed frame. */
  *push(bytes: Uint8Array): Generator<unknown> {
    this.#pieces.push(bytes);
    this.#bytes += bytes.byteLength;
    for (;;) {
      if (this.#expected === undefined) {
        if (this.#bytes < headerBytes) return;
        this.#expected = this.#readSize();
      }
      if (this.#bytes < this.#expected) return;
      const body = this.#take(this.#expected);
      this.#expected = undefined;
      yield decodeBody(body);
    }
  }

  #readSize(): number {
    const header = this.#take(headerBytes);
    const size = new DataView(header.buffer, header.byteOffset).getUint32(0);
    if (size === 0) throw new ProtocolError('malformed-frame', 'an empty frame');
    if (size > this.#sizeBytesMax) throw new ProtocolError('oversized-frame', `a frame of ${size} bytes`);
    return size;
  }

  #take(count: number): Uint8Array {
    const first = this.#pieces[0];
    this.#bytes -= count;
    if (first !== undefined && first.byteLength >= count) {
      if (first.byteLength === count) this.#pieces.shift();
      else this.#pieces[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const all = Buffer.concat(this.#pieces);
    this.#pieces = all.byteLength > count ? [all.subarray(count)] : [];
    return all.subarray(0, count);
  }
}

function decodeBody(body: Uint8Array): unknown {
  try {
    return decode(body);
  } catch (error) {
    throw new ProtocolError('malformed-frame', String(error));
  }
}
