// Teammates over libp2p: a session with each connected member, found, dialled and let go as the keyring says.
import type { Connection, PeerId, Stream } from '@libp2p/interface';
import type { Digest } from '../../src/digest.ts';
import { CodedError } from '../../src/errors.ts';
import { memberPulseMs, memberSilenceMsMax, strangerConnectionMsMax } from '../../src/limits.ts';
import { Advertiser } from '../../src/peers/advertiser.ts';
import { Inventory } from '../../src/peers/inventory.ts';
import type { Peers, RecordsReply } from '../../src/peers/peers.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import { memberKeyOf, peerIdOf } from './member-peer-id.ts';
import { MemberSession, type MemberSessionInit, memberProtocols } from './member-session.ts';
import type { TeamGater } from './team-gater.ts';

export interface PeersNetworkInit extends Omit<MemberSessionInit, 'member' | 'inventory'> {
  readonly gater: TeamGater;
  /** `addresses`: where we dialled it; empty where it dialled us. */
  onConnected(member: MemberKey, addresses: readonly string[]): void;
  onDisconnected(member: MemberKey): void;
}

/** A revoked member's connection is given this long to carry the revocation itself, so that it knows why. */
const farewellMs = 100;

export class PeersNetwork implements Peers {
  readonly #init: PeersNetworkInit;
  readonly #inventory = new Inventory();
  readonly #sessions = new Map<MemberKey, MemberSession>();
  readonly #advertiser: Advertiser;
  #pulsedAtMs = 0;
  #cancelPulse = () => {};
  readonly #onConnect = (event: CustomEvent<PeerId>) => this.#connected(event.detail);
  readonly #onDisconnect = (event: CustomEvent<PeerId>) => this.#disconnected(event.detail);

  constructor(init: PeersNetworkInit) {
    this.#init = init;
    this.#advertiser = new Advertiser(init.clock, actions => {
      for (const session of this.#sessions.values()) session.announce(actions);
    });
  }

  async start(): Promise<void> {
    const { host } = this.#init;
    host.addEventListener('peer:connect', this.#onConnect);
    host.addEventListener('peer:disconnect', this.#onDisconnect);
    const handle = (protocol: string) =>
      host.handle(protocol, (stream, connection) => this.#accept(protocol, stream, connection), {
        // One stream each suffices; two more for one that breaks and is opened anew before we noticed.
        maxInboundStreams: 3,
      });
    await Promise.all(memberProtocols.map(handle));
    for (const connection of host.getConnections()) this.#connected(connection.remotePeer);
    this.#pulsedAtMs = this.#init.clock.nowMs();
    this.#pulseLater();
  }

  stop(): void {
    const { host } = this.#init;
    this.#cancelPulse();
    host.removeEventListener('peer:connect', this.#onConnect);
    host.removeEventListener('peer:disconnect', this.#onDisconnect);
    for (const session of this.#sessions.values()) session.stop();
    this.#sessions.clear();
  }

  holdersOf(action: Digest): readonly MemberKey[] {
    return this.#inventory.holdersOf(action);
  }

  connected(): readonly MemberKey[] {
    return [...this.#sessions.keys()];
  }

  isConnected(member: MemberKey): boolean {
    return this.#sessions.has(member);
  }

  async requestRecords(member: MemberKey, action: Digest, signal: AbortSignal): Promise<RecordsReply> {
    return this.#sessionWith(member).fetch.requestRecords(action, signal);
  }

  async requestBlob(member: MemberKey, digest: Digest, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#sessionWith(member).fetch.requestBlob(digest, signal);
  }

  announce(actions: readonly Digest[]): void {
    this.#advertiser.announce(actions);
  }

  /** Passes on everyone's addresses, after some were learned. */
  tellAddresses(): void {
    for (const session of this.#sessions.values()) session.tellAddresses();
  }

  /** The keyring changed: everyone is told, then who is no member any more is let go. */
  onKeyringChanged(): void {
    const { host, gater, clock } = this.#init;
    for (const session of this.#sessions.values()) session.tellNews();
    for (const connection of host.getConnections()) {
      const peer = connection.remotePeer;
      if (gater.memberOf(peer) !== undefined) {
        // An invite's holder whose key became a member's keeps its connection.
        this.#connected(peer);
      } else if (!gater.isInviteHolder(peer)) {
        clock.schedule(farewellMs, () => connection.abort(new Error('revoked')));
      }
    }
    for (const [member, session] of this.#sessions) {
      if (!this.#isMember(member)) clock.schedule(farewellMs, () => this.#end(member, session));
    }
  }

  #pulseLater(): void {
    this.#cancelPulse = this.#init.clock.schedule(memberPulseMs, () => this.#pulse());
  }

  /** Says that this machine lives, and lets go whoever has not said so for long, and strangers who stay. */
  #pulse(): void {
    this.#pulseLater();
    const { host, clock, gater } = this.#init;
    const nowMs = clock.nowMs();
    // Whoever has slept has heard nobody.
    const hasSlept = nowMs - this.#pulsedAtMs > 2 * memberPulseMs;
    this.#pulsedAtMs = nowMs;
    for (const [member, session] of this.#sessions) {
      session.pulse();
      if (hasSlept) session.heard();
      else if (session.silentMs > memberSilenceMsMax)
        for (const connection of host.getConnections(peerIdOf(member)))
          connection.abort(new Error('it has not been heard for long'));
    }
    for (const connection of host.getConnections()) {
      const isStranger = gater.memberOf(connection.remotePeer) === undefined;
      if (isStranger && nowMs - connection.timeline.open > strangerConnectionMsMax)
        connection.abort(new Error('no member, and here for long'));
    }
  }

  #sessionWith(member: MemberKey): MemberSession {
    const session = this.#isMember(member) ? this.#sessions.get(member) : undefined;
    if (session === undefined) throw new CodedError('UNREACHABLE', 'that member is not connected');
    return session;
  }

  #isMember(member: MemberKey): boolean {
    return this.#init.ledger.keyring().isMember(member);
  }

  #connected(peer: PeerId): void {
    const member = this.#init.gater.memberOf(peer);
    if (member === undefined || this.#sessions.has(member)) return;
    this.#sessions.set(member, new MemberSession({ ...this.#init, member, inventory: this.#inventory }));
    const dialled = this.#init.host.getConnections(peer).filter(({ direction }) => direction === 'outbound');
    this.#init.onConnected(
      member,
      dialled.map(({ remoteAddr }) => `${remoteAddr}`),
    );
  }

  #disconnected(peer: PeerId): void {
    const member = memberKeyOf(peer);
    const session = member === undefined ? undefined : this.#sessions.get(member);
    if (member !== undefined && session !== undefined) this.#end(member, session);
  }

  #end(member: MemberKey, session: MemberSession): void {
    if (this.#sessions.get(member) !== session) return;
    this.#sessions.delete(member);
    session.stop();
    this.#init.onDisconnected(member);
  }

  #accept(protocol: string, stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer;
    const member = this.#init.gater.memberOf(peer);
    if (member === undefined) {
      this.#init.onRefused('stranger-request', peer.toString());
      stream.abort(new Error('not a member'));
      return;
    }
    // libp2p tells of the connection after its first stream where both come in one packet.
    if (connection.status === 'open') this.#connected(peer);
    this.#sessions.get(member)?.accept(protocol, stream, () => this.#isMember(member));
  }
}
