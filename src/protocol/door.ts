// Door: a newcomer on the same network finds a team and waits until an admin lets it in. Spoken with strangers, on a host
// of its own with a throw-away key.
// Goals: both screens show one phrase that a go-between cannot match (commit, then reveal: see team/phrase.ts).
// Non-goals: secrets (the door tells the team's name and id and its member's, nothing else, until the newcomer is admitted).
//
//   door → newcomer   greeting                          enough to list teams; a finder leaves here
//   newcomer → door   knock        key, name, consent, commitment to a nonce
//   door → newcomer   nonce        the member's
//   newcomer → door   reveal       the newcomer's nonce: now both can show the phrase
//   door → newcomer   statements…, admitted | refused   once a person decided (admission.ts)
import { type MemberKey, memberKeyBytes } from '../team/identity.ts';
import { phraseNonceBytes } from '../team/phrase.ts';
import type { StatementId } from '../team/statement.ts';
import { bytesOfSize, fields, malformed, memberKey, name, statementId, tag } from './fields.ts';

export const doorProtocol = '/p2pcache/door/1';

/** The one name under which every team's doors are found by mDNS. */
export const doorMdnsTag = '_p2pcache-door._udp.local';

export interface Greeting {
  readonly teamId: StatementId;
  readonly teamName: string;
  readonly member: MemberKey;
  readonly memberName: string;
}

export interface Knock {
  readonly key: MemberKey;
  readonly name: string;
  readonly consent: Uint8Array;
  readonly commitment: Uint8Array;
}

export function greetingToWire({ teamId, teamName, member, memberName }: Greeting): unknown {
  return ['team', [Buffer.from(teamId, 'hex'), teamName, memberKeyBytes(member), memberName]];
}

/** Throws a ProtocolError on anything else, as do the readers below. */
export function greetingFromWire(value: unknown): Greeting {
  const [teamId, teamName, member, memberName] = fields(tagged(value, 'team'), 4);
  return {
    teamId: statementId(teamId),
    teamName: name(teamName),
    member: memberKey(member),
    memberName: name(memberName),
  };
}

export function knockToWire({ key, name, consent, commitment }: Knock): unknown {
  return ['knock', [memberKeyBytes(key), name, consent, commitment]];
}

export function knockFromWire(value: unknown): Knock {
  const [key, called, consent, commitment] = fields(tagged(value, 'knock'), 4);
  return {
    key: memberKey(key),
    name: name(called),
    consent: bytesOfSize(consent, 64),
    commitment: bytesOfSize(commitment, 32),
  };
}

export function nonceToWire(nonce: Uint8Array): unknown {
  return ['nonce', nonce];
}

export function nonceFromWire(value: unknown): Uint8Array {
  return bytesOfSize(tagged(value, 'nonce'), phraseNonceBytes);
}

function tagged(value: unknown, expected: string): unknown {
  if (tag(value) !== expected) throw malformed(`not a ${expected}`);
  return fields(value, 2)[1];
}
