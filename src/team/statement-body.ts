// What each kind of statement says, to and from the fields that are signed. Reading is strict: whoever re-encodes what was
// read gets the same bytes (statement.ts checks), so no two spellings of one statement exist.
import { inviteUsesMax, policySignersMax } from '../limits.ts';
import { type MemberKey, memberKeyBytes, parseMemberKey } from './identity.ts';
import { type Policy, type Role, roles } from './keyring.ts';
import { isName } from './member-name.ts';
import type { InviteProof, StatementBody } from './statement.ts';

export type StatementKind = StatementBody['kind'];

/** The body as encodable fields, in the order in which `readBody` expects them. */
export function bodyFields(body: StatementBody): unknown[] {
  switch (body.kind) {
    case 'found':
      return [body.teamName, body.name];
    case 'invite': {
      const { invite, expiresAtMs, usesMax, label } = body;
      return [memberKeyBytes(invite), sortedRoles(body.roles), expiresAtMs, usesMax, label ?? null];
    }
    case 'admit': {
      const { member, name, consent, proof } = body;
      const proofFields = proof === undefined ? null : [memberKeyBytes(proof.invite), proof.signature];
      return [memberKeyBytes(member), name, sortedRoles(body.roles), consent, proofFields];
    }
    case 'change':
      return [memberKeyBytes(body.member), body.name, sortedRoles(body.roles)];
    case 'revoke':
      return [memberKeyBytes(body.target), body.sinceMs ?? null];
    case 'policy':
      return body.policy.kind === 'k-of-n' ? [body.policy.kind, body.policy.signers] : [body.policy.kind];
  }
}

/** The body that these fields spell, or undefined. */
export function readBody(kind: unknown, fields: unknown): StatementBody | undefined {
  if (!Array.isArray(fields)) return undefined;
  switch (kind) {
    case 'found': {
      const [teamName, name] = fields;
      return isName(teamName) && isName(name) ? { kind, teamName, name } : undefined;
    }
    case 'invite':
      return readInvite(fields);
    case 'admit':
      return readAdmit(fields);
    case 'change': {
      const [member, name, given] = [readKey(fields[0]), fields[1], readRoles(fields[2])];
      return member && isName(name) && given ? { kind, member, name, roles: given } : undefined;
    }
    case 'revoke': {
      const [target, sinceMs] = [readKey(fields[0]), fields[1]];
      if (target === undefined || !(sinceMs === null || isTime(sinceMs))) return undefined;
      return sinceMs === null ? { kind, target } : { kind, target, sinceMs };
    }
    case 'policy': {
      const policy = readPolicy(fields);
      return policy && { kind, policy };
    }
    default:
      return undefined;
  }
}

/** Distinct roles in the one order in which they are written. */
export function sortedRoles(given: readonly Role[]): Role[] {
  return roles.filter(role => given.includes(role));
}

export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a policy makes sense: a k-of-n asks for 2 to `policySignersMax` signers. */
export function isPolicy(policy: Policy): boolean {
  if (policy.kind !== 'k-of-n') return policy.kind === 'any-writer' || policy.kind === 'ci-only';
  return Number.isSafeInteger(policy.signers) && policy.signers >= 2 && policy.signers <= policySignersMax;
}

function readInvite(fields: unknown[]): StatementBody | undefined {
  const [keyBytes, givenRoles, expiresAtMs, usesMax, label] = fields;
  const invite = readKey(keyBytes);
  const given = readRoles(givenRoles);
  const isUses =
    Number.isSafeInteger(usesMax) && (usesMax as number) >= 1 && (usesMax as number) <= inviteUsesMax;
  // Power over the team never travels in a line that may be pasted anywhere.
  if (!invite || !given || given.includes('admin') || !isTime(expiresAtMs) || !isUses) return undefined;
  const body = { kind: 'invite', invite, roles: given, expiresAtMs, usesMax: usesMax as number } as const;
  if (label === null) return body;
  return isName(label) ? { ...body, label } : undefined;
}

function readAdmit(fields: unknown[]): StatementBody | undefined {
  const [keyBytes, name, givenRoles, consent, proofFields] = fields;
  const member = readKey(keyBytes);
  const given = readRoles(givenRoles);
  if (!member || !isName(name) || !given || !isSignature(consent)) return undefined;
  const body = { kind: 'admit', member, name, roles: given, consent } as const;
  if (proofFields === null) return body;
  const proof = readProof(proofFields);
  return proof && { ...body, proof };
}

function readProof(fields: unknown): InviteProof | undefined {
  if (!Array.isArray(fields)) return undefined;
  const invite = readKey(fields[0]);
  return invite && isSignature(fields[1]) ? { invite, signature: fields[1] } : undefined;
}

function readPolicy([kind, signers]: unknown[]): Policy | undefined {
  const policy = (kind === 'k-of-n' ? { kind, signers } : { kind }) as Policy;
  return isPolicy(policy) ? policy : undefined;
}

function readRoles(value: unknown): Role[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > roles.length) return undefined;
  return value.every(role => roles.includes(role as Role)) ? (value as Role[]) : undefined;
}

export function readKey(value: unknown): MemberKey | undefined {
  return value instanceof Uint8Array ? parseMemberKey(Buffer.from(value).toString('hex')) : undefined;
}

function isSignature(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength === 64;
}
