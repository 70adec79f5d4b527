// The asking side of protocol/fetch.ts for one teammate: many requests under way on one stream, every record and blob
// verified on receipt.
import { blobsOf } from '../../src/actions/action-result.ts';
import { decodeRecord, type SignedRecord } from '../../src/actions/signed-record.ts';
import { type Digest, digestSizeBytes, matchesDigest } from '../../src/digest.ts';
import { blobSizeBytesMax, requestsPerPeerMax, transferStallMsMax } from '../../src/limits.ts';
import type { RecordsReply } from '../../src/peers/peers.ts';
import type { Clock } from '../../src/platform/clock.ts';
import {
  type FetchReply,
  type FetchRequest,
  replyFromWire,
  requestToWire,
} from '../../src/protocol/fetch.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';

interface Pending {
  onReply(reply: FetchReply): void;
  reject(error: unknown): void;
}

export interface FetchClientInit {
  readonly clock: Clock;
  /** Sends one request frame once there is a stream; rejects when there will be none, or with the signal. */
  send(request: unknown, signal: AbortSignal): Promise<void>;
  /** Something in an answer was refused; the reason is a short stable word. */
  onRefused(reason: string): void;
}

export class FetchClient {
  readonly #init: FetchClientInit;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #heardAtMs = 0;

  constructor(init: FetchClientInit) {
    this.#init = init;
  }

  /** Takes one frame of the answering side. Throws a ProtocolError where it breaks the rules. */
  onFrame(value: unknown): void {
    const reply = replyFromWire(value);
    this.#heardAtMs = this.#init.clock.nowMs();
    // Answers to cancelled requests may still be on their way: nobody waits, nothing happens.
    const pending = this.#pending.get(reply.id);
    try {
      pending?.onReply(reply);
    } catch (error) {
      pending?.reject(error);
      if (error instanceof ProtocolError) throw error;
    }
  }

  /** The stream is gone: nothing under way will be answered. */
  onEnd(error: unknown): void {
    for (const pending of this.#pending.values()) pending.reject(error ?? new Error('the stream has ended'));
  }

  async requestRecords(action: Digest, signal: AbortSignal): Promise<RecordsReply> {
    const request = (id: number): FetchRequest => ({ kind: 'records', id, action });
    const reply = await this.#ask<RecordsReply>(request, signal, (reply, resolve) => {
      if (reply.kind !== 'records') throw unexpected(reply);
      resolve(this.#verified(action, reply));
    });
    return reply;
  }

  /** Undefined where the member does not have it. Rejects also when the transfer stands still. */
  async requestBlob(digest: Digest, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const size = digestSizeBytes(digest);
    if (size > blobSizeBytesMax) return undefined;
    const stalled = this.#watchStall(signal);
    try {
      const request = (id: number): FetchRequest => ({ kind: 'blob', id, digest });
      const bytes = await this.#ask<Uint8Array | undefined>(request, stalled.signal, blobAssembler(size));
      if (bytes === undefined || matchesDigest(bytes, digest)) return bytes;
      this.#init.onRefused('blob-mismatch');
      throw new ProtocolError('blob-mismatch', `not the bytes of ${digest}`);
    } finally {
      stalled.dispose();
    }
  }

  /** Sends a request and hands each of its replies to `onReply` until that resolves or throws. */
  async #ask<Answer>(
    request: (id: number) => FetchRequest,
    signal: AbortSignal,
    onReply: (reply: FetchReply, resolve: (answer: Answer) => void) => void,
  ): Promise<Answer> {
    signal.throwIfAborted();
    if (this.#pending.size >= requestsPerPeerMax) throw new Error('too many requests to one member');
    const id = this.#nextId();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const onAbort = () => {
      reject(signal.reason);
      this.#init.send(requestToWire({ kind: 'cancel', id }), AbortSignal.abort()).catch(() => undefined);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#pending.set(id, { reject, onReply: reply => onReply(reply, resolve) });
    this.#init.send(requestToWire(request(id)), signal).catch(reject);
    try {
      return await promise;
    } finally {
      this.#pending.delete(id);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Records that are what was asked for and rightly signed, and those blobs that they name and that are whole. */
  #verified(action: Digest, reply: Extract<FetchReply, { kind: 'records' }>): RecordsReply {
    const records: SignedRecord[] = [];
    for (const encoded of reply.records) {
      const record = decodeRecord(encoded);
      if (record === undefined) this.#init.onRefused('bad-record');
      else if (record.action !== action) this.#init.onRefused('wrong-record');
      else records.push(record);
    }
    const named = new Set(records.flatMap(record => blobsOf(record.result)));
    const blobs = new Map<Digest, Uint8Array>();
    for (const [digest, bytes] of reply.blobs) {
      if (!named.has(digest)) this.#init.onRefused('unasked-blob');
      else if (!matchesDigest(bytes, digest)) this.#init.onRefused('blob-mismatch');
      else blobs.set(digest, bytes);
    }
    return { records, blobs };
  }

  /** A signal that also fires once nothing at all has come from this member for too long. */
  #watchStall(parent: AbortSignal): { signal: AbortSignal; dispose(): void } {
    const { clock } = this.#init;
    const controller = new AbortController();
    const startedMs = clock.nowMs();
    let cancel = () => {};
    const watch = (delayMs: number) => {
      cancel = clock.schedule(delayMs, () => {
        const silentMs = clock.nowMs() - Math.max(startedMs, this.#heardAtMs);
        if (silentMs >= transferStallMsMax) controller.abort(new Error('the transfer stands still'));
        else watch(transferStallMsMax - silentMs);
      });
    };
    watch(transferStallMsMax);
    return { signal: AbortSignal.any([parent, controller.signal]), dispose: () => cancel() };
  }

  #nextId(): number {
    this.#lastId = (this.#lastId + 1) % 0x1_0000_0000;
    return this.#pending.has(this.#lastId) ? this.#nextId() : this.#lastId;
  }
}

/** Puts the pieces of a blob of `size` bytes together. */
function blobAssembler(size: number) {
  let blob: Uint8Array | undefined;
  let filled = 0;
  return (reply: FetchReply, resolve: (bytes: Uint8Array | undefined) => void) => {
    if (reply.kind === 'absent') return resolve(undefined);
    if (reply.kind !== 'chunk') throw unexpected(reply);
    const isTooMuch = filled + reply.bytes.byteLength > size;
    if (isTooMuch || (size > 0 && reply.bytes.byteLength === 0))
      throw new ProtocolError('oversized-blob', 'not the size named');
    blob ??= Buffer.allocUnsafeSlow(size);
    blob.set(reply.bytes, filled);
    filled += reply.bytes.byteLength;
    if (filled === size) resolve(blob);
  };
}

function unexpected(reply: FetchReply): Error {
  if (reply.kind === 'failed') return new Error(`the member answered: ${reply.failure}`);
  return new ProtocolError('unexpected-reply', `an answer of kind ${reply.kind}`);
}
