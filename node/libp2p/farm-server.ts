// The working side of protocol/farm.ts for one teammate's stream: its jobs that run here.
import type { Digest } from '../../src/digest.ts';
import type { Worker, WorkerSession } from '../../src/farm/worker.ts';
import {
  farmGatherMs,
  jobsPerPeerMax,
  offerTellMs,
  wantedBlobsMsMax,
  workerSignMs,
} from '../../src/limits.ts';
import type { Clock } from '../../src/platform/clock.ts';
import {
  type FarmReply,
  type FarmRequest,
  farmReplyToWire,
  farmRequestFromWire,
  type Offer,
} from '../../src/protocol/farm.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';
import type { MemberKey } from '../../src/team/identity.ts';

export interface FarmServerInit {
  readonly member: MemberKey;
  readonly clock: Clock;
  /** Undefined while this machine lends nothing. */
  readonly worker: () => Worker | undefined;
  readonly post: (message: unknown) => void;
}

const nothingOffered: Offer = { slots: 0, jobs: 0, isOpen: false, running: [] };

/** Whether a job that came now would run at once. */
function hasRoom({ isOpen, jobs, slots }: Offer): boolean {
  return isOpen && jobs < slots;
}

export class FarmServer {
  readonly #init: FarmServerInit;
  readonly #running = new Map<number, AbortController>();
  /** Who takes the bytes that a job wanted, as they come; the job itself may be cancelled by then. */
  readonly #wanting = new Map<number, (blobs: ReadonlyMap<Digest, Uint8Array>) => void>();
  #session: { readonly worker: Worker; readonly session: WorkerSession } | undefined;
  #cancelSign: (() => void) | undefined;
  #told: Offer = nothingOffered;
  /** Jobs that have begun, which the client has yet to hear. */
  readonly #begun = new Set<number>();
  #owesOffer = false;
  #cancelSayOwed: (() => void) | undefined;
  #cancelTell: (() => void) | undefined;
  #hasSpoken = false;
  #answeredAtMs = 0;

  constructor(init: FarmServerInit) {
    this.#init = init;
  }

  /** Takes one frame of the asking side. Throws a ProtocolError where it breaks the rules. */
  onFrame(value: unknown): void {
    const message = farmRequestFromWire(value);
    const running = this.#running.get(message.id);
    if (message.kind === 'cancel') running?.abort(new Error('cancelled'));
    else if (message.kind === 'blobs') this.#wanting.get(message.id)?.(message.blobs);
    else if (message.kind === 'prepare') this.#prepare(message);
    else if (running !== undefined) throw new ProtocolError('reused-request-id', 'a job id in use');
    else if (this.#running.size >= jobsPerPeerMax)
      this.#post({ kind: 'outcome', id: message.id, outcome: { kind: 'refused', reason: 'busy' } });
    else void this.#run(message);
  }

  /** Says what this machine lends now. */
  tellOffer(): void {
    this.#cancelTell?.();
    this.#cancelTell = undefined;
    this.#owesOffer = false;
    this.#told = this.#offerNow();
    this.#post({ kind: 'offer', offer: this.#told });
  }

  /** Says so in a moment to a client whose jobs run here or just did, and where lending begins or ends; to the others before long. */
  offerChanged(): void {
    const isClient = this.#running.size > 0 || this.#init.clock.nowMs() - this.#answeredAtMs < offerTellMs;
    if (isClient || this.#told.slots !== this.#offerNow().slots) {
      this.#owesOffer = true;
      this.#saySoon();
    } else
      this.#cancelTell ??= this.#init.clock.schedule(offerTellMs, () => {
        this.#cancelTell = undefined;
        const now = this.#offerNow();
        const wasClosed = !this.#told.isOpen; // it would never come again, not even to wait
        if (hasRoom(now) !== hasRoom(this.#told) || (now.isOpen && wasClosed)) this.tellOffer();
      });
  }

  /** The client is gone, or no member any more. */
  stop(): void {
    this.#cancelSign?.();
    this.#cancelTell?.();
    this.#cancelSayOwed?.();
    for (const controller of this.#running.values()) controller.abort(new Error('the client is gone'));
    this.#session?.session.end();
  }

  async #run({ id, request }: Extract<FarmRequest, { kind: 'run' }>): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    this.#cancelSign ??= this.#init.clock.schedule(workerSignMs, () => this.#sign());
    const outcome = await (this.#sessionNow()?.run(
      request,
      {
        want: digests => this.#want(id, digests),
        started: () => {
          this.#begun.add(id);
          this.#saySoon();
        },
      },
      controller.signal,
    ) ?? ({ kind: 'refused', reason: 'not-lending' } as const));
    this.#running.delete(id);
    this.#begun.delete(id);
    this.#answeredAtMs = this.#init.clock.nowMs();
    // What it had been told led it here: it would come again at once.
    if (outcome.kind === 'refused' && outcome.reason === 'busy') this.tellOffer();
    if (!controller.signal.aborted) this.#post({ kind: 'outcome', id, outcome });
  }

  #prepare({ id, preparation }: Extract<FarmRequest, { kind: 'prepare' }>): void {
    void this.#sessionNow()?.prepare(preparation, digests => this.#want(id, digests));
  }

  #saySoon(): void {
    this.#cancelSayOwed ??= this.#init.clock.schedule(farmGatherMs, () => {
      this.#cancelSayOwed = undefined;
      for (const id of this.#begun) this.#post({ kind: 'started', id });
      this.#begun.clear();
      if (this.#owesOffer) this.tellOffer();
    });
  }

  /** A sign of life, as long as jobs run; not needed where anything was said since the last time. */
  #sign(): void {
    this.#cancelSign = undefined;
    if (this.#running.size === 0) return;
    if (!this.#hasSpoken) this.tellOffer();
    this.#hasSpoken = false;
    this.#cancelSign = this.#init.clock.schedule(workerSignMs, () => this.#sign());
  }

  #want(id: number, digests: readonly Digest[]): Promise<ReadonlyMap<Digest, Uint8Array>> {
    const got = new Map<Digest, Uint8Array>();
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<Digest, Uint8Array>>();
    const cancel = this.#init.clock.schedule(wantedBlobsMsMax, () => reject(new Error('no answer')));
    this.#wanting.set(id, blobs => {
      for (const [digest, bytes] of blobs) got.set(digest, bytes);
      if (blobs.size === 0 || got.size > digests.length) resolve(got);
    });
    this.#post({ kind: 'want', id, digests });
    return promise.finally(() => {
      cancel();
      this.#wanting.delete(id);
    });
  }

  #offerNow(): Offer {
    return this.#init.worker()?.offer() ?? nothingOffered;
  }

  #sessionNow(): WorkerSession | undefined {
    const worker = this.#init.worker();
    if (worker === undefined) return undefined;
    if (this.#session?.worker !== worker) {
      this.#session?.session.end();
      this.#session = { worker, session: worker.session(this.#init.member) };
    }
    return this.#session.session;
  }

  #post(message: FarmReply): void {
    this.#hasSpoken = true;
    this.#init.post(farmReplyToWire(message));
  }
}
