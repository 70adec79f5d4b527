// A member's key and its libp2p peer id are the same ed25519 public key in two spellings.
import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { type MemberKey, memberKeyBytes, parseMemberKey } from '../../src/team/identity.ts';

/** Throws on a key that is no point of the curve: such a key cannot have become a member. */
export function peerIdOf(key: MemberKey): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(memberKeyBytes(key)));
}

/** The member key of an ed25519 peer id; undefined for peers with any other kind of key. */
export function memberKeyOf(peer: PeerId): MemberKey | undefined {
  return peer.type === 'Ed25519'
    ? parseMemberKey(Buffer.from(peer.publicKey.raw).toString('hex'))
    : undefined;
}
