// Signature checks that decide membership: one pinned implementation with the strict rules (RFC 8032: canonical points, no
// small-order keys), because two machines that disagree on one signature would fold two different teams. About 1 ms each;
// records, of which there are thousands, go through node:crypto instead (identity.ts).
import { createHash } from 'node:crypto';
import * as ed25519 from '@noble/ed25519';
import { type MemberKey, memberKeyBytes } from './identity.ts';

ed25519.hashes.sha512 = message => Uint8Array.from(createHash('sha512').update(message).digest());

/** Whether `signature` is `key`'s over `bytes`. False for anything malformed; never throws. */
export function verifyStrictly(key: MemberKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(Uint8Array.from(signature), bytes, Uint8Array.from(memberKeyBytes(key)), {
      zip215: false,
    });
  } catch {
    return false;
  }
}
