// One long-lived outgoing stream to one member for one protocol: opened while the member is connected, opened anew when it
// breaks. A new stream for each request costs five times as much (measured: 0.58 ms against 0.11 ms).
import { redialMsMax, redialMsMin } from '../../src/limits.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import { FramedStream } from './framed-stream.ts';
import type { Host } from './host.ts';
import { peerIdOf } from './member-peer-id.ts';
import type { OnRefused } from './team-gater.ts';

export interface KeptStreamInit {
  readonly host: Host;
  readonly member: MemberKey;
  readonly protocol: string;
  readonly clock: Clock;
  readonly onRefused: OnRefused;
  /** The stream is (again) open: say what starts a conversation. */
  onOpen?(stream: FramedStream): void;
  /** Frames from the other side; without it any frame breaks the protocol. */
  onFrame?(value: unknown): void;
  onEnd?(error: unknown): void;
}

const openTimeoutMs = 5_000;
/** A stream often breaks because one of two connections closed: the first new attempt comes soon. */
const reopenMsMin = 50;

export class KeptStream {
  readonly #init: KeptStreamInit;
  #stream: FramedStream | undefined;
  #isStopped = false;
  #retryMs = reopenMsMin;
  #cancelRetry = () => {};
  readonly #waiters = new Set<() => void>();

  constructor(init: KeptStreamInit) {
    this.#init = init;
    void this.#open();
  }

  /** The open stream, if there is one now. */
  get current(): FramedStream | undefined {
    return this.#stream?.isOpen ? this.#stream : undefined;
  }

  /** The open stream, as soon as there is one. Rejects with the signal's reason, or when stopped. */
  async opened(signal: AbortSignal): Promise<FramedStream> {
    while (this.current === undefined) {
      signal.throwIfAborted();
      if (this.#isStopped) throw new Error('the member has left');
      await this.#nextChange(signal);
    }
    return this.current;
  }

  stop(): void {
    this.#isStopped = true;
    this.#changed();
    this.#cancelRetry();
    this.#stream?.abort(new Error('the member has left'));
  }

  async #open(): Promise<void> {
    const { host, member, protocol, clock } = this.#init;
    try {
      const [connection] = host.getConnections(peerIdOf(member)).filter(({ status }) => status === 'open');
      if (connection === undefined) throw new Error('not connected');
      const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(openTimeoutMs) });
      const framed = new FramedStream({
        stream,
        onFrame: value => this.#onFrame(value),
        onEnd: error => this.#onEnd(error),
      });
      if (this.#isStopped) return framed.abort(new Error('the member has left'));
      this.#stream = framed;
      this.#changed();
      this.#init.onOpen?.(framed);
      // Only a stream that lives for a while proves that the next attempt is worth making at once.
      this.#cancelRetry = clock.schedule(redialMsMin, () => {
        this.#retryMs = reopenMsMin;
      });
    } catch {
      this.#retryLater();
    }
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    const wake = () => resolve();
    signal.addEventListener('abort', wake, { once: true });
    return promise.finally(() => {
      this.#waiters.delete(resolve);
      signal.removeEventListener('abort', wake);
    });
  }

  #changed(): void {
    for (const resolve of this.#waiters) resolve();
  }

  #onFrame(value: unknown): void {
    if (this.#init.onFrame === undefined) throw new ProtocolError('unexpected-frame', 'nothing was asked');
    this.#init.onFrame(value);
  }

  #onEnd(error: unknown): void {
    const { member, onRefused, onEnd } = this.#init;
    if (error instanceof ProtocolError) onRefused(error.reason, member);
    onEnd?.(error);
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#isStopped) return;
    this.#cancelRetry();
    this.#cancelRetry = this.#init.clock.schedule(this.#retryMs, () => void this.#open());
    this.#retryMs = Math.min(redialMsMax, 2 * this.#retryMs);
  }
}
