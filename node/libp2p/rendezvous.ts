// The DHT's part: every member provides one key that only the team's name space has, and asks who else does, so that one
// known address leads to all. Work goes through a small queue with a budget, because a provide costs ~30 ms of CPU across
// the swarm; content hashes would go through the same queue.
import { createHash } from 'node:crypto';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import * as MultihashDigest from 'multiformats/hashes/digest';
import { rendezvousMsMax, rendezvousMsMin } from '../../src/limits.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import type { Host } from './host.ts';
import { memberKeyOf } from './member-peer-id.ts';

export interface RendezvousInit {
  readonly host: Host;
  readonly teamId: string;
  readonly clock: Clock;
  onFound(member: MemberKey, addresses: readonly string[]): void;
  onTrouble(what: string, error: unknown): void;
}

/** Provider records live 48 hours in kad-dht; well before that they are published again. */
const provideAgainMs = 6 * 60 * 60_000;
/** Identifying a new peer and taking it into the routing table is over by then. */
const firstRoundMs = 500;
const queryTimeoutMs = 15_000;
const sha256Code = 0x12;

export class Rendezvous {
  readonly #init: RendezvousInit;
  readonly #key: CID;
  readonly #queue: (() => Promise<void>)[] = [];
  #isWorking = false;
  #providedAtMs = Number.NEGATIVE_INFINITY;
  #cancelNext = () => {};
  #pauseMs = rendezvousMsMin;
  readonly #stopped = new AbortController();

  constructor(init: RendezvousInit) {
    this.#init = init;
    const hash = createHash('sha256').update(`p2pcache rendezvous 1\0${init.teamId}`).digest();
    this.#key = CID.createV1(raw.code, MultihashDigest.create(sha256Code, hash));
  }

  start(): void {
    this.#schedule();
  }

  stop(): void {
    this.#cancelNext();
    this.#stopped.abort(new Error('stopped'));
    this.#queue.length = 0;
  }

  /** Someone connected: there is a DHT to speak to, once that member is in the routing table. */
  onConnected(): void {
    this.#cancelNext();
    this.#pauseMs = firstRoundMs;
    this.#schedule();
  }

  #schedule(): void {
    this.#cancelNext = this.#init.clock.schedule(this.#pauseMs, () => {
      this.#pauseMs = Math.min(rendezvousMsMax, Math.max(rendezvousMsMin, 2 * this.#pauseMs));
      this.#enqueueRound();
      this.#schedule();
    });
  }

  #enqueueRound(): void {
    if (this.#queue.length > 0 || this.#init.host.getConnections().length === 0) return;
    const isDue = this.#init.clock.nowMs() - this.#providedAtMs > provideAgainMs;
    if (isDue) this.#queue.push(() => this.#provide());
    this.#queue.push(() => this.#find());
    void this.#work();
  }

  /** One thing at a time: that is the whole budget. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      await job().catch(error => this.#stopped.signal.aborted || this.#init.onTrouble('rendezvous', error));
    }
    this.#isWorking = false;
  }

  async #provide(): Promise<void> {
    const { host, clock } = this.#init;
    const events = host.services.dht?.provide(this.#key, { signal: this.#signal() }) ?? [];
    for await (const event of events) {
      // Only what another member has taken in is provided; alone there is nobody to take it.
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER')
        this.#providedAtMs = clock.nowMs();
    }
  }

  async #find(): Promise<void> {
    const { host, onFound } = this.#init;
    for await (const peer of host.contentRouting.findProviders(this.#key, { signal: this.#signal() })) {
      const member = memberKeyOf(peer.id);
      if (member !== undefined) onFound(member, peer.multiaddrs.map(String));
    }
  }

  #signal(): AbortSignal {
    return AbortSignal.any([AbortSignal.timeout(queryTimeoutMs), this.#stopped.signal]);
  }
}
