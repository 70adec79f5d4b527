// The farm's two sides over all connected teammates: what they lend us, and what we lend them.
import type { FarmNetwork, JobQuestions, OfferingWorker } from '../../src/farm/farm-network.ts';
import type { Worker } from '../../src/farm/worker.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { JobOutcome, JobRequest, Preparation } from '../../src/protocol/farm.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import { FarmClient } from './farm-client.ts';
import { FarmServer } from './farm-server.ts';

export class FarmHub implements FarmNetwork {
  readonly #clock: Clock;
  readonly #clients = new Map<MemberKey, FarmClient>();
  readonly #servers = new Set<FarmServer>();
  readonly #listeners = new Set<() => void>();
  #worker: Worker | undefined;
  #telling = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  workers(): readonly OfferingWorker[] {
    const all = [...this.#clients].map(([member, { offer, session }]) => ({ member, offer, session }));
    return all.filter(({ offer }) => offer.slots > 0);
  }

  run(member: MemberKey, request: JobRequest, asked: JobQuestions, signal: AbortSignal): Promise<JobOutcome> {
    const client = this.#clients.get(member);
    return client?.run(request, asked, signal) ?? Promise.reject(new Error('not connected'));
  }

  prepare(member: MemberKey, preparation: Preparation, asked: Pick<JobQuestions, 'bytesOf'>): void {
    this.#clients.get(member)?.prepare(preparation, asked);
  }

  onChange(callback: () => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** Lends this machine, or stops lending it. */
  lend(worker: Worker | undefined): void {
    this.#worker = worker;
    this.tellOffers();
  }

  /** What this machine lends has changed: everyone is told in time, once for all changes of a moment. */
  tellOffers(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      for (const server of this.#servers) server.offerChanged();
    });
  }

  /** The asking side towards a member that has connected; `post` sends a frame if it can. */
  connect(member: MemberKey, post: (message: unknown) => boolean): FarmClient {
    const client = new FarmClient({ clock: this.#clock, post, onChange: () => this.#changed() });
    this.#clients.set(member, client);
    return client;
  }

  disconnect(member: MemberKey, client: FarmClient): void {
    if (this.#clients.get(member) === client) this.#clients.delete(member);
    client.onEnd(new Error('the member has left'));
  }

  /** The working side of a stream that the member opened; ends with its `stop`. */
  serve(member: MemberKey, post: (message: unknown) => void): FarmServer {
    const server = new FarmServer({ member, clock: this.#clock, worker: () => this.#worker, post });
    this.#servers.add(server);
    return server;
  }

  leave(server: FarmServer): void {
    this.#servers.delete(server);
    server.stop();
  }

  #changed(): void {
    for (const callback of this.#listeners) callback();
  }
}
