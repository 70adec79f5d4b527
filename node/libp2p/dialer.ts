// Keeps a connection to every member of whom an address is known: dials, and dials again with growing pauses.

import type { Multiaddr } from '@multiformats/multiaddr';
import { redialMsMax, redialMsMin } from '../../src/limits.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Random } from '../../src/platform/random.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import { tryAddress } from './address.ts';
import type { Host } from './host.ts';
import type { MemberAddresses } from './member-addresses.ts';
import { peerIdOf } from './member-peer-id.ts';

export interface DialerInit {
  readonly host: Host;
  readonly self: MemberKey;
  readonly addresses: MemberAddresses;
  /** Addresses whose member is not known yet; a stranger there is refused by the gater. */
  readonly bootstrap: readonly Multiaddr[];
  isMember(key: MemberKey): boolean;
  isConnected(key: MemberKey): boolean;
  readonly clock: Clock;
  readonly random: Random;
}

interface Attempts {
  nextAtMs: number;
  pauseMs: number;
  isUnderWay: boolean;
}

/** How often it is looked whom to dial, at most and at least, beside every news of an address. */
const lookMsMin = 250;
const lookMsMax = 2_000;
const dialsAtOnceMax = 8;
/** Of two members that discover each other at the same moment, the one with the larger key lets the other dial. */
const courtesyMs = 500;

export class Dialer {
  readonly #init: DialerInit;
  readonly #attempts = new Map<string, Attempts>();
  #cancelLook = () => {};
  /** When it looks next; before the start and after the end nothing makes it look. */
  #lookAtMs = Number.NEGATIVE_INFINITY;

  constructor(init: DialerInit) {
    this.#init = init;
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#lookAtMs = Number.NEGATIVE_INFINITY;
    this.#cancelLook();
  }

  /** Fresh news of a member's address: it is dialled soon, whatever its earlier failures. */
  learned(member: MemberKey): void {
    const attempts = this.#attempts.get(member);
    const delayMs = this.#init.self < member ? 0 : courtesyMs;
    const nextAtMs = this.#init.clock.nowMs() + delayMs;
    if (attempts === undefined)
      this.#attempts.set(member, { nextAtMs, pauseMs: redialMsMin, isUnderWay: false });
    else Object.assign(attempts, { nextAtMs: Math.min(attempts.nextAtMs, nextAtMs), pauseMs: redialMsMin });
    this.#lookBy(nextAtMs);
  }

  /** The member's connection broke: dialled again after a first short pause. */
  lost(member: MemberKey): void {
    this.#attempts.delete(member);
    this.learned(member);
  }

  #look(): void {
    const { clock } = this.#init;
    const targets = this.#targets();
    for (const [target, dial] of targets) {
      const underWay = [...this.#attempts.values()].filter(({ isUnderWay }) => isUnderWay).length;
      if (underWay >= dialsAtOnceMax) break;
      this.#attempt(target, dial);
    }
    const dueMs = targets.map(([target]) => this.#attempts.get(target)?.nextAtMs ?? 0);
    const nowMs = clock.nowMs();
    this.#lookAtMs = Number.POSITIVE_INFINITY;
    this.#lookBy(Math.min(nowMs + lookMsMax, Math.max(nowMs + lookMsMin, Math.min(...dueMs))));
  }

  /** Looks then, if not earlier. */
  #lookBy(atMs: number): void {
    const { clock } = this.#init;
    if (this.#lookAtMs <= atMs) return;
    this.#lookAtMs = atMs;
    this.#cancelLook();
    this.#cancelLook = clock.schedule(Math.max(1, atMs - clock.nowMs()), () => this.#look());
  }

  /** Whom to have a connection to and has none, with how to dial. */
  #targets(): [string, () => Promise<unknown>][] {
    const { host, addresses, bootstrap, self, isMember, isConnected } = this.#init;
    const missing = [...addresses.all()].filter(
      ([key]) => key !== self && isMember(key) && !isConnected(key),
    );
    const members = missing.map(([key, texts]): [string, () => Promise<unknown>] => {
      const known = texts.map(tryAddress).filter(address => address !== undefined);
      return [key, () => host.dial(known.map(address => address.encapsulate(`/p2p/${peerIdOf(key)}`)))];
    });
    const isAlone = bootstrap.length > 0 && host.getConnections().length === 0;
    const first = isAlone ? bootstrap : [];
    return [
      ...members,
      ...first.map((address): [string, () => Promise<unknown>] => [`${address}`, () => host.dial(address)]),
    ];
  }

  #attempt(target: string, dial: () => Promise<unknown>): void {
    const { clock, random } = this.#init;
    const attempts = this.#attempts.get(target) ?? { nextAtMs: 0, pauseMs: redialMsMin, isUnderWay: false };
    this.#attempts.set(target, attempts);
    if (attempts.isUnderWay || attempts.nextAtMs > clock.nowMs()) return;
    attempts.isUnderWay = true;
    // Failing is everyday life: members are switched off. The pause is the whole consequence.
    const retryLater = () => {
      attempts.nextAtMs = clock.nowMs() + attempts.pauseMs * (0.75 + random.fraction() / 2);
      attempts.pauseMs = Math.min(redialMsMax, 2 * attempts.pauseMs);
    };
    void dial()
      .then(() => this.#attempts.delete(target), retryLater)
      .finally(() => {
        attempts.isUnderWay = false;
      });
  }
}
