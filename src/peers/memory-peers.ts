// The memory twin of Peers: teammates as plain maps, each scripted to answer, be slow, freeze, fail or lie.
import type { SignedRecord } from '../actions/signed-record.ts';
import type { Digest } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';
import { sleep } from '../platform/clock.ts';
import type { MemberKey } from '../team/identity.ts';
import type { Peers, RecordsReply } from './peers.ts';

/** How a teammate behaves: answers after `delayMs`, never (until aborted), or with an error. */
export type Behaviour =
  | { readonly kind: 'answers'; readonly delayMs: number }
  | { readonly kind: 'freezes' | 'fails' };

export class MemoryPeer {
  behaviour: Behaviour = { kind: 'answers', delayMs: 0 };
  readonly records = new Map<Digest, SignedRecord[]>();
  readonly blobs = new Map<Digest, Uint8Array>();
  /** Digests of blobs that travel with the records that name them. */
  readonly inlined = new Set<Digest>();
  /** Requests received so far, in order. */
  readonly asked: Digest[] = [];
}

export class MemoryPeers implements Peers {
  readonly #clock: Clock;
  readonly #peers = new Map<MemberKey, MemoryPeer>();
  /** What was announced, in order. */
  readonly announced: Digest[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  connect(member: MemberKey): MemoryPeer {
    const peer = new MemoryPeer();
    this.#peers.set(member, peer);
    return peer;
  }

  disconnect(member: MemberKey): void {
    this.#peers.delete(member);
  }

  holdersOf(action: Digest): MemberKey[] {
    return [...this.#peers].filter(([, peer]) => peer.records.has(action)).map(([member]) => member);
  }

  connected(): MemberKey[] {
    return [...this.#peers.keys()];
  }

  async requestRecords(member: MemberKey, action: Digest, signal: AbortSignal): Promise<RecordsReply> {
    const peer = await this.#answering(member, action, signal);
    const inlined = [...peer.inlined].map(digest => [digest, peer.blobs.get(digest)!] as const);
    return { records: peer.records.get(action) ?? [], blobs: new Map(inlined) };
  }

  async requestBlob(member: MemberKey, digest: Digest, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const peer = await this.#answering(member, digest, signal);
    return peer.blobs.get(digest);
  }

  announce(actions: readonly Digest[]): void {
    this.announced.push(...actions);
  }

  /** The peer, once its behaviour lets it answer. */
  async #answering(member: MemberKey, what: Digest, signal: AbortSignal): Promise<MemoryPeer> {
    const peer = this.#peers.get(member);
    if (peer === undefined) throw new Error('not connected');
    peer.asked.push(what);
    signal.throwIfAborted();
    const { behaviour } = peer;
    if (behaviour.kind === 'fails') throw new Error('scripted failure');
    if (behaviour.kind === 'answers') await sleep(this.#clock, behaviour.delayMs, signal);
    else
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
    return peer;
  }
}
