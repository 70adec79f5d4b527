// Join: an invite's holder asks any live member to let its machine in. Its connection is authenticated by the invite's own
// key, so that strangers without one never get as far as this protocol.
// Goals: works with any member, the founder being off; nobody's approval; refusals say why.
// Non-goals: choosing roles (the invite has them), joining without an invite (door.ts).
//
//   newcomer → member   request
//   member → newcomer   statements…, admitted | refused        (admission.ts)
import { type MemberKey, memberKeyBytes } from '../team/identity.ts';
import { bytesOfSize, fields, memberKey, name } from './fields.ts';

export const joinProtocol = '/p2pcache/join/1';

export interface JoinMessage {
  readonly key: MemberKey;
  readonly name: string;
  readonly consent: Uint8Array;
  readonly proof: { readonly invite: MemberKey; readonly signature: Uint8Array };
}

export function joinToWire({ key, name, consent, proof }: JoinMessage): unknown {
  return [memberKeyBytes(key), name, consent, memberKeyBytes(proof.invite), proof.signature];
}

/** Throws a ProtocolError on anything but a well-formed request. Signatures are the caller's to verify. */
export function joinFromWire(value: unknown): JoinMessage {
  const [key, called, consent, invite, signature] = fields(value, 5);
  return {
    key: memberKey(key),
    name: name(called),
    consent: bytesOfSize(consent, 64),
    proof: { invite: memberKey(invite), signature: bytesOfSize(signature, 64) },
  };
}
