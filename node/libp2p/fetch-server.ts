// The answering side of protocol/fetch.ts for one teammate's stream: serves this machine's own records and blobs.
import { pipe } from 'it-pipe';
import type { ActionCache } from '../../src/actions/action-cache.ts';
import { blobsOf } from '../../src/actions/action-result.ts';
import { encodeRecord, type SignedRecord } from '../../src/actions/signed-record.ts';
import { type Digest, digestSizeBytes } from '../../src/digest.ts';
import {
  blobChunkBytes,
  hedgedBlobSizeBytesMax,
  inlineBlobSizeBytesMax,
  inlineBlobsPerReplyBytesMax,
  recordsPerActionMax,
  requestsPerPeerMax,
} from '../../src/limits.ts';
import {
  type FetchReply,
  type FetchRequest,
  replyToWire,
  requestFromWire,
} from '../../src/protocol/fetch.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';

/** What is served, and to whom. */
export interface FetchSource {
  readonly actionCache: ActionCache;
  readonly blobStore: BlobStore;
  /** Whether the record counts by this machine's keyring; others are not passed on. */
  mayServe(record: SignedRecord): boolean;
}

export class FetchServer {
  readonly #source: FetchSource;
  readonly #isMember: () => boolean;
  readonly #send: (reply: unknown) => Promise<void>;
  readonly #underWay = new Map<number, AbortController>();
  /** Large blobs go out one after the other: more at once are no faster and would fill the memory. */
  #largeTurn: Promise<void> = Promise.resolve();

  constructor(source: FetchSource, isMember: () => boolean, send: (reply: unknown) => Promise<void>) {
    this.#source = source;
    this.#isMember = isMember;
    this.#send = send;
  }

  /** Takes one frame of the asking side. Throws a ProtocolError where it breaks the rules, or is a member no more. */
  onFrame(value: unknown): void {
    if (!this.#isMember()) throw new ProtocolError('revoked-request', 'the asking member was revoked');
    const request = requestFromWire(value);
    if (request.kind === 'cancel') this.#underWay.get(request.id)?.abort();
    else if (this.#underWay.has(request.id))
      throw new ProtocolError('reused-request-id', 'a request id in use');
    else if (this.#underWay.size >= requestsPerPeerMax)
      void this.#reply({ kind: 'failed', id: request.id, failure: 'busy' });
    else void this.#serve(request);
  }

  /** Stops all that is under way. */
  stop(): void {
    for (const controller of this.#underWay.values()) controller.abort();
  }

  async #serve(request: Exclude<FetchRequest, { kind: 'cancel' }>): Promise<void> {
    const controller = new AbortController();
    this.#underWay.set(request.id, controller);
    try {
      if (request.kind === 'records') await this.#serveRecords(request.id, request.action, controller.signal);
      else await this.#serveBlob(request.id, request.digest, controller.signal);
    } catch {
      if (!controller.signal.aborted)
        await this.#reply({ kind: 'failed', id: request.id, failure: 'failed' });
    } finally {
      this.#underWay.delete(request.id);
    }
  }

  async #serveRecords(id: number, action: Digest, signal: AbortSignal): Promise<void> {
    const all = await this.#source.actionCache.get(action, signal);
    const records = all.filter(record => this.#source.mayServe(record)).slice(0, recordsPerActionMax);
    const blobs = await this.#inlineBlobs(records, signal);
    signal.throwIfAborted();
    await this.#reply({ kind: 'records', id, records: records.map(encodeRecord), blobs });
  }

  /** The small blobs that the records name, as far as they fit one reply. */
  async #inlineBlobs(
    records: readonly SignedRecord[],
    signal: AbortSignal,
  ): Promise<Map<Digest, Uint8Array>> {
    const blobs = new Map<Digest, Uint8Array>();
    let room = inlineBlobsPerReplyBytesMax;
    for (const digest of new Set(records.flatMap(record => blobsOf(record.result)))) {
      const size = digestSizeBytes(digest);
      if (size > inlineBlobSizeBytesMax || size > room) continue;
      const bytes = await this.#source.blobStore.get(digest, signal);
      if (bytes === undefined) continue;
      blobs.set(digest, bytes);
      room -= size;
    }
    return blobs;
  }

  async #serveBlob(id: number, digest: Digest, signal: AbortSignal): Promise<void> {
    if (digestSizeBytes(digest) <= hedgedBlobSizeBytesMax) return this.#sendBlob(id, digest, signal);
    const turn = this.#largeTurn.then(() => this.#sendBlob(id, digest, signal));
    this.#largeTurn = turn.catch(() => undefined);
    return turn;
  }

  async #sendBlob(id: number, digest: Digest, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const bytes = await this.#source.blobStore.get(digest, signal);
    if (bytes === undefined) return this.#reply({ kind: 'absent', id });
    // the next chunk is cut when the stream has room for it
    await pipe(
      () => chunksOf(bytes),
      async chunks => {
        for await (const chunk of chunks) {
          signal.throwIfAborted();
          await this.#reply({ kind: 'chunk', id, bytes: chunk });
        }
      },
    );
  }

  /** Waits for room in the stream. A stream that ended needs no reply. */
  #reply(reply: FetchReply): Promise<void> {
    return this.#send(replyToWire(reply)).catch(() => this.stop());
  }
}

/** At least one: an empty blob is one empty chunk. */
function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength || start === 0; start += blobChunkBytes) {
    yield bytes.subarray(start, start + blobChunkBytes);
  }
}
