// A statement: one signed, hash-linked entry of a team's ledger. Its id is the hash of the signed bytes, its parents are
// the ids of the newest statements that its author knew, so "seen before" is a fact that nobody can forge.
import { digestHash, digestOf } from '../digest.ts';
import { decode, encode } from '../encoding.ts';
import { statementParentsMax, statementSizeBytesMax } from '../limits.ts';
import { type Identity, type MemberKey, memberKeyBytes } from './identity.ts';
import type { Policy, Role } from './keyring.ts';
import { bodyFields, isTime, readBody, readKey } from './statement-body.ts';
import { verifyStrictly } from './strict-signature.ts';

/** 64 lower-case hex characters. The id of a `found` statement is the team's id. */
export type StatementId = string & { readonly brand: 'StatementId' };

/** The newcomer's invite: `signature` is the invite key's over the team, the newcomer's key and name. */
export interface InviteProof {
  readonly invite: MemberKey;
  readonly signature: Uint8Array;
}

export type StatementBody =
  | { readonly kind: 'found'; readonly teamName: string; readonly name: string }
  | {
      readonly kind: 'invite';
      readonly invite: MemberKey;
      readonly roles: readonly Role[];
      readonly expiresAtMs: number;
      readonly usesMax: number;
      readonly label?: string | undefined;
    }
  | {
      readonly kind: 'admit';
      readonly member: MemberKey;
      readonly name: string;
      readonly roles: readonly Role[];
      /** The newcomer's own signature over the team, its key and name: it holds the key, and wants in under this name. */
      readonly consent: Uint8Array;
      readonly proof?: InviteProof | undefined;
    }
  | {
      readonly kind: 'change';
      readonly member: MemberKey;
      readonly name: string;
      readonly roles: readonly Role[];
    }
  /** `target`: a member's or an invite's key. `sinceMs`: records created before stay good; without it none do. */
  | { readonly kind: 'revoke'; readonly target: MemberKey; readonly sinceMs?: number | undefined }
  | { readonly kind: 'policy'; readonly policy: Policy };

export interface StatementClaim {
  /** Undefined in a `found` statement only, whose id becomes the team's. */
  readonly teamId: StatementId | undefined;
  /** Sorted, without repeats; empty in a `found` statement only. */
  readonly parents: readonly StatementId[];
  /** By the author's clock, milliseconds since the epoch. */
  readonly atMs: number;
  readonly body: StatementBody;
}

export interface Statement extends StatementClaim {
  readonly id: StatementId;
  readonly teamId: StatementId;
  readonly author: MemberKey;
  /** The encoded claim, exactly as signed. */
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

const statementDomain = Buffer.from('p2pcache statement 1\0');
const consentDomain = Buffer.from('p2pcache consent 1\0');
const inviteDomain = Buffer.from('p2pcache invite proof 1\0');

export function parseStatementId(text: unknown): StatementId | undefined {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? (text as StatementId) : undefined;
}

/** Signs the claim. The caller answers for its sense (build-statement.ts); nonsense is refused by whoever decodes it. */
export function signStatement(identity: Identity, claim: StatementClaim): Statement {
  const sorted = { ...claim, parents: [...new Set(claim.parents)].sort() };
  const bytes = encodeClaim(identity.key, sorted);
  const signature = identity.sign(Buffer.concat([statementDomain, bytes]));
  const id = statementIdOf(bytes);
  return { ...sorted, id, teamId: claim.teamId ?? id, author: identity.key, bytes, signature };
}

/** The newcomer's signature that says "I hold this key and want into this team under this name". */
export function signConsent(newcomer: Identity, teamId: StatementId, name: string): Uint8Array {
  return newcomer.sign(consentMessage(consentDomain, teamId, newcomer.key, name));
}

/** The invite key's signature that lets this newcomer, and nobody else, in under this name. */
export function signInviteProof(
  invite: Identity,
  teamId: StatementId,
  newcomer: MemberKey,
  name: string,
): InviteProof {
  return { invite: invite.key, signature: invite.sign(consentMessage(inviteDomain, teamId, newcomer, name)) };
}

/** The statement as one byte string, for the wire and the disk. */
export function encodeStatement(statement: Statement): Uint8Array {
  return encode([statement.bytes, statement.signature]);
}

/** The statement that these bytes hold, if they are the one right spelling of it and every signature in it (author's,
 * newcomer's, invite's) verifies; else undefined. Whether it counts is the fold's question, not this function's.
 * `isVerified`: the bytes come from this machine's own ledger, whose entries were verified before they were written. */
export function decodeStatement(
  encoded: Uint8Array,
  options: { isVerified?: boolean } = {},
): Statement | undefined {
  if (encoded.byteLength > statementSizeBytesMax) return undefined;
  try {
    const statement = readStatement(encoded);
    if (statement === undefined || !Buffer.from(encodeStatement(statement)).equals(encoded)) return undefined;
    return options.isVerified || hasValidSignatures(statement) ? statement : undefined;
  } catch {
    return undefined;
  }
}

function readStatement(encoded: Uint8Array): Statement | undefined {
  const [bytes, signature] = decode(encoded) as [Uint8Array, Uint8Array];
  const [teamIdBytes, authorBytes, parentBytes, atMs, kind, fields] = decode(bytes) as unknown[];
  const author = readKey(authorBytes);
  const body = readBody(kind, fields);
  if (!author || !body || !isTime(atMs) || signature.byteLength !== 64) return undefined;
  const id = statementIdOf(bytes);
  const parents = readParents(parentBytes);
  // Only the founding has neither a team nor a past; everything else has both.
  const isFound = body.kind === 'found';
  const teamId = isFound && teamIdBytes === null ? id : readId(teamIdBytes);
  if (!parents || !teamId || isFound !== (teamIdBytes === null) || isFound !== (parents.length === 0))
    return undefined;
  const isCanonical = Buffer.from(encodeClaim(author, { teamId, parents, atMs, body })).equals(bytes);
  return isCanonical ? { id, teamId, author, parents, atMs, body, bytes, signature } : undefined;
}

function hasValidSignatures({ author, teamId, body, bytes, signature }: Statement): boolean {
  if (!verifyStrictly(author, Buffer.concat([statementDomain, bytes]), signature)) return false;
  if (body.kind !== 'admit') return true;
  const { member, name, consent, proof } = body;
  if (!verifyStrictly(member, consentMessage(consentDomain, teamId, member, name), consent)) return false;
  return proof === undefined || isInviteProof(proof, teamId, member, name);
}

/** Whether the invite's holder signed for this newcomer and name. Whether the invite itself holds is the keyring's question. */
export function isInviteProof(
  proof: InviteProof,
  teamId: StatementId,
  newcomer: MemberKey,
  name: string,
): boolean {
  return verifyStrictly(proof.invite, consentMessage(inviteDomain, teamId, newcomer, name), proof.signature);
}

/** Whether the newcomer signed that it wants into this team under this name. */
export function isConsent(
  consent: Uint8Array,
  teamId: StatementId,
  newcomer: MemberKey,
  name: string,
): boolean {
  return verifyStrictly(newcomer, consentMessage(consentDomain, teamId, newcomer, name), consent);
}

function encodeClaim(author: MemberKey, { teamId, parents, atMs, body }: StatementClaim): Uint8Array {
  const team = body.kind === 'found' || teamId === undefined ? null : Buffer.from(teamId, 'hex');
  const parentBytes = parents.map(parent => Buffer.from(parent, 'hex'));
  return encode([team, memberKeyBytes(author), parentBytes, atMs, body.kind, bodyFields(body)]);
}

function consentMessage(
  domain: Uint8Array,
  teamId: StatementId,
  newcomer: MemberKey,
  name: string,
): Uint8Array {
  return Buffer.concat([domain, encode([Buffer.from(teamId, 'hex'), memberKeyBytes(newcomer), name])]);
}

function statementIdOf(bytes: Uint8Array): StatementId {
  return digestHash(digestOf(Buffer.concat([statementDomain, bytes]))) as StatementId;
}

function readId(value: unknown): StatementId | undefined {
  return value instanceof Uint8Array ? parseStatementId(Buffer.from(value).toString('hex')) : undefined;
}

/** Sorted and without repeats, so that one set of parents has one spelling. */
function readParents(value: unknown): StatementId[] | undefined {
  if (!Array.isArray(value) || value.length > statementParentsMax) return undefined;
  const parents = value.map(readId).filter(parent => parent !== undefined);
  const isSorted = parents.every((parent, index) => index === 0 || parents[index - 1]! < parent);
  return isSorted && parents.length === value.length ? parents : undefined;
}
