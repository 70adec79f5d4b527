// Members: where a member's teammates were last reached, passed on to whoever connects, so that one known address leads
// to all of the team.
// Goals: bounded; addresses only of members (the receiver drops others); harmless when wrong (a dial to the wrong machine
// fails at the handshake).
// Non-goals: presence (an address says nothing about who is up), proof (libp2p's handshake is the proof).
import { addressesPerMemberMax, addressLengthMax, membersPerFrameMax } from '../limits.ts';
import { type MemberKey, memberKeyBytes } from '../team/identity.ts';
import { fields, list, memberKey, text } from './fields.ts';

export const membersProtocol = '/p2pcache/members/1';

/** Multiaddrs, without the peer id, by member. */
export type MemberAddresses = ReadonlyMap<MemberKey, readonly string[]>;

export function membersToWire(addresses: MemberAddresses): unknown {
  return [...addresses]
    .slice(0, membersPerFrameMax)
    .map(([key, known]) => [memberKeyBytes(key), known.filter(fits).slice(0, addressesPerMemberMax)]);
}

/** Throws a ProtocolError on anything but a well-formed list. Whether a text is an address is the dialer's to find out. */
export function membersFromWire(value: unknown): Map<MemberKey, string[]> {
  const entries = list(value, membersPerFrameMax, entry => {
    const [key, addresses] = fields(entry, 2);
    return [
      memberKey(key),
      list(addresses, addressesPerMemberMax, each => text(each, addressLengthMax)),
    ] as const;
  });
  return new Map(entries);
}

function fits(address: string): boolean {
  return address.length <= addressLengthMax;
}
