// The gater: strangers are refused at the connection, before any protocol runs. The peer id that the handshake proves is
// the member's key, so the keyring decides. Holders of an invite get in too, to reach the join protocol and nothing else.
import type { ConnectionGater, PeerId } from '@libp2p/interface';
import type { MemberKey } from '../../src/team/identity.ts';
import type { Keyring } from '../../src/team/keyring.ts';
import { memberKeyOf } from './member-peer-id.ts';

/** `reason` is a short stable word for the counters. */
export type OnRefused = (reason: string, peer: string | undefined) => void;

export class TeamGater implements ConnectionGater {
  readonly #keyring: () => Keyring;
  readonly #onRefused: OnRefused;

  constructor(keyring: () => Keyring, onRefused: OnRefused) {
    this.#keyring = keyring;
    this.#onRefused = onRefused;
  }

  /** The live member behind this peer, or undefined. */
  memberOf(peer: PeerId): MemberKey | undefined {
    const key = memberKeyOf(peer);
    return key !== undefined && this.#keyring().isMember(key) ? key : undefined;
  }

  /** Whether the peer is known by an invite's key. A used or expired one may still connect, to be told so. */
  isInviteHolder(peer: PeerId): boolean {
    const key = memberKeyOf(peer);
    return key !== undefined && this.#keyring().invites.has(key);
  }

  denyDialPeer = (peer: PeerId): boolean => this.memberOf(peer) === undefined;

  denyInboundEncryptedConnection = (peer: PeerId): boolean => {
    if (this.memberOf(peer) !== undefined || this.isInviteHolder(peer)) return false;
    const key = memberKeyOf(peer);
    const wasRevoked = key !== undefined && this.#keyring().isRevoked(key);
    this.#onRefused(wasRevoked ? 'revoked-connection' : 'stranger-connection', peer.toString());
    return true;
  };

  denyOutboundEncryptedConnection = (peer: PeerId): boolean => {
    if (this.memberOf(peer) !== undefined) return false;
    this.#onRefused('stranger-answered', peer.toString());
    return true;
  };
}
