// What a newcomer is told at the end of join and door: the team's ledger and where its members are, or why not.
// Goals: enough to fold the keyring and to dial teammates, in frames small enough for strangers.
// Non-goals: proof (the ledger proves itself: its founding's hash is the team's id, and it admits the newcomer's own key).
import type { ErrorCode } from '../errors.ts';
import { fields, malformed, tag, text } from './fields.ts';
import { statementsFromWire } from './ledger-sync.ts';
import { type MemberAddresses, membersFromWire, membersToWire } from './members.ts';

/** Refusals a newcomer can be given. */
const refusalCodes = [
  'INVITE_REFUSED',
  'NOT_ALLOWED',
  'REFUSED',
  'BAD_INPUT',
  'NO_ANSWER',
  'INTERNAL',
] as const;
export type RefusalCode = (typeof refusalCodes)[number] & ErrorCode;

export type AdmissionMessage =
  | { readonly kind: 'statements'; readonly statements: readonly Uint8Array[] }
  /** All statements were sent. */
  | { readonly kind: 'admitted'; readonly addresses: MemberAddresses }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string };

const messageLengthMax = 400;

export function admissionToWire(message: AdmissionMessage): unknown {
  if (message.kind === 'statements') return ['statements', message.statements];
  if (message.kind === 'admitted') return ['admitted', membersToWire(message.addresses)];
  return ['refused', [message.code, message.message.slice(0, messageLengthMax)]];
}

/** Throws a ProtocolError on anything but a well-formed message. */
export function admissionFromWire(value: unknown): AdmissionMessage {
  const kind = tag(value);
  const [, what] = fields(value, 2);
  if (kind === 'statements') return { kind, statements: statementsFromWire(what) };
  if (kind === 'admitted') return { kind, addresses: membersFromWire(what) };
  if (kind !== 'refused') throw malformed('not an admission message');
  const [code, message] = fields(what, 2);
  const known = refusalCodes.find(each => each === code);
  if (known === undefined) throw malformed('not a refusal code');
  return { kind, code: known, message: text(message, messageLengthMax).replace(/\p{Cc}/gu, ' ') };
}

/** The code that a newcomer is given for an error on our side. */
export function refusalCodeOf(code: ErrorCode | undefined): RefusalCode {
  return refusalCodes.find(each => each === code) ?? 'INTERNAL';
}
