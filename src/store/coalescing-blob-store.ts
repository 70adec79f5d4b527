// Concurrent gets of one blob become one: thirty compiles that need the same header tree fetch it from a peer once.
import type { Digest } from '../digest.ts';
import type { BlobStore } from './blob-store.ts';

interface Flight {
  readonly result: Promise<Uint8Array | undefined>;
  readonly controller: AbortController;
  waiters: number;
}

export class CoalescingBlobStore implements BlobStore {
  readonly #inner: BlobStore;
  readonly #flights = new Map<Digest, Flight>();

  constructor(inner: BlobStore) {
    this.#inner = inner;
  }

  /** Rejects with the reason of `signal` as soon as it is aborted; the shared get goes on while anyone else still waits. */
  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(digest) ?? this.#start(digest);
    flight.waiters += 1;
    try {
      return await (signal === undefined ? flight.result : abortable(flight.result, signal));
    } finally {
      flight.waiters -= 1;
      if (flight.waiters === 0) this.#end(digest, flight);
    }
  }

  put(digest: Digest, bytes: Uint8Array): Promise<void> {
    return this.#inner.put(digest, bytes);
  }

  findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    return this.#inner.findMissing(digests);
  }

  delete(digest: Digest): Promise<void> {
    return this.#inner.delete(digest);
  }

  #start(digest: Digest): Flight {
    const controller = new AbortController();
    const flight: Flight = { result: this.#inner.get(digest, controller.signal), controller, waiters: 0 };
    this.#flights.set(digest, flight);
    const end = () => this.#end(digest, flight);
    flight.result.then(end, end);
    return flight;
  }

  // Nobody waits any more, or the answer is there: whoever comes next must start anew.
  #end(digest: Digest, flight: Flight): void {
    if (this.#flights.get(digest) === flight) this.#flights.delete(digest);
    flight.controller.abort();
  }
}

function abortable<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
