// The asking side of protocol/farm.ts for one teammate: jobs of ours that run there, and what it lends.
import { type Digest, digestSizeBytes } from '../../src/digest.ts';
import type { JobQuestions } from '../../src/farm/farm-network.ts';
import {
  farmBlobsPerFrameBytesMax,
  jobsPerPeerMax,
  workerSignMs,
  workerSilenceMsMax,
} from '../../src/limits.ts';
import type { Clock } from '../../src/platform/clock.ts';
import {
  type FarmRequest,
  farmReplyFromWire,
  farmRequestToWire,
  type JobOutcome,
  type JobRequest,
  type Offer,
  type Preparation,
} from '../../src/protocol/farm.ts';

interface Pending {
  resolve(outcome: JobOutcome): void;
  reject(error: unknown): void;
  readonly asked: JobQuestions;
}

export interface FarmClientInit {
  readonly clock: Clock;
  /** Sends one frame; false where there is no stream now. */
  readonly post: (message: unknown) => boolean;
  readonly onChange: () => void;
}

const nothingOffered: Offer = { slots: 0, jobs: 0, isOpen: false, running: [] };

export class FarmClient {
  readonly #init: FarmClientInit;
  readonly #pending = new Map<number, Pending>();
  #offer = nothingOffered;
  #session = 0;
  #lastId = 0;
  #heardAtMs = 0;
  #cancelWatch = () => {};
  #bytesOf: (digest: Digest) => Uint8Array | undefined = () => undefined;

  constructor(init: FarmClientInit) {
    this.#init = init;
  }

  get offer(): Offer {
    return this.#offer;
  }

  /** Another number after every break. */
  get session(): number {
    return this.#session;
  }

  onOpen(): void {
    this.#session++;
  }

  /** Takes one frame of the working side. Throws a ProtocolError where it breaks the rules. */
  onFrame(value: unknown): void {
    const reply = farmReplyFromWire(value);
    this.#heardAtMs = this.#init.clock.nowMs();
    if (reply.kind === 'offer') {
      this.#offer = reply.offer;
      this.#init.onChange();
      return;
    }
    // An answer for a cancelled job is nobody's any more; but what it told counts as told, so its files are still given.
    if (reply.kind === 'want') {
      this.#give(reply.id, reply.digests);
      return;
    }
    const pending = this.#pending.get(reply.id);
    if (reply.kind === 'started') pending?.asked.started();
    else pending?.resolve(reply.outcome);
  }

  onEnd(error: unknown): void {
    this.#offer = nothingOffered;
    this.#failAll(error ?? new Error('the stream has ended'));
    this.#init.onChange();
  }

  async run(request: JobRequest, asked: JobQuestions, signal: AbortSignal): Promise<JobOutcome> {
    signal.throwIfAborted();
    if (this.#pending.size >= jobsPerPeerMax) throw new Error('too many jobs at one member');
    const id = this.#newId();
    const { promise, resolve, reject } = Promise.withResolvers<JobOutcome>();
    const onAbort = () => {
      this.#post({ kind: 'cancel', id });
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#bytesOf = digest => asked.bytesOf(digest);
    this.#pending.set(id, { resolve, reject, asked });
    if (this.#pending.size === 1) this.#watch(this.#init.clock.nowMs());
    if (!this.#post({ kind: 'run', id, request })) reject(new Error('not connected'));
    try {
      return await promise;
    } finally {
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#cancelWatch();
      signal.removeEventListener('abort', onAbort);
    }
  }

  prepare(preparation: Preparation, { bytesOf }: Pick<JobQuestions, 'bytesOf'>): void {
    this.#bytesOf = bytesOf;
    this.#post({ kind: 'prepare', id: this.#newId(), preparation });
  }

  #newId(): number {
    this.#lastId = (this.#lastId + 1) % 0x1_0000_0000;
    return this.#lastId;
  }

  /** What the worker wants, in frames that fit; an empty one ends it. */
  #give(id: number, digests: readonly Digest[]): void {
    let blobs = new Map<Digest, Uint8Array>();
    let room = farmBlobsPerFrameBytesMax;
    for (const digest of digests) {
      const bytes = digestSizeBytes(digest) <= farmBlobsPerFrameBytesMax ? this.#bytesOf(digest) : undefined;
      if (bytes === undefined) continue;
      if (bytes.byteLength > room) {
        this.#post({ kind: 'blobs', id, blobs });
        blobs = new Map();
        room = farmBlobsPerFrameBytesMax;
      }
      blobs.set(digest, bytes);
      room -= bytes.byteLength;
    }
    if (blobs.size > 0) this.#post({ kind: 'blobs', id, blobs });
    this.#post({ kind: 'blobs', id, blobs: new Map() });
  }

  #post(message: FarmRequest): boolean {
    return this.#init.post(farmRequestToWire(message));
  }

  /** A worker gives signs of life while it has jobs of ours: one that does not is frozen, or its cable was pulled. */
  #watch(sinceMs: number): void {
    const { clock } = this.#init;
    const silentMs = () => clock.nowMs() - Math.max(sinceMs, this.#heardAtMs);
    const look = (delayMs: number) => {
      const dueMs = clock.nowMs() + delayMs;
      this.#cancelWatch = clock.schedule(delayMs, () => {
        // Where this machine itself stood still, signs of life may be there and not yet read.
        if (clock.nowMs() - dueMs > workerSignMs) look(2 * workerSignMs);
        else if (silentMs() < workerSilenceMsMax) look(workerSilenceMsMax - silentMs());
        else {
          for (const id of this.#pending.keys()) this.#post({ kind: 'cancel', id });
          this.#failAll(new Error('the worker is silent'));
        }
      });
    };
    look(workerSilenceMsMax);
  }

  #failAll(error: unknown): void {
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}
