// The team's operations, each as the statement to add to the ledger: checked first against the keyring as this machine knows
// it, so that whoever may not, or mistyped, is told at once instead of signing something that never counts.
import { CodedError } from '../errors.ts';
import { inviteUsesMax, statementParentsMax } from '../limits.ts';
import type { Identity, MemberKey } from './identity.ts';
import type { Invite, Keyring, Policy, Role } from './keyring.ts';
import { requireName } from './member-name.ts';
import {
  type InviteProof,
  isConsent,
  isInviteProof,
  type Statement,
  type StatementBody,
  type StatementId,
  signConsent,
  signInviteProof,
  signStatement,
} from './statement.ts';
import { isPolicy } from './statement-body.ts';

/** Who acts, on what knowledge (a Ledger fits), and when by this machine's clock. */
export interface Author {
  readonly identity: Identity;
  readonly ledger: { readonly teamId: StatementId; heads(): StatementId[]; keyring(): Keyring };
  readonly nowMs: number;
}

/** What a newcomer sends to a member. */
export interface JoinRequest {
  readonly key: MemberKey;
  readonly name: string;
  readonly consent: Uint8Array;
  readonly proof?: InviteProof | undefined;
}

/** A new team; the statement's id is the team's. BAD_INPUT on a bad name. */
export function foundTeam(
  identity: Identity,
  team: { teamName: string; name: string; nowMs: number },
): Statement {
  const teamName = requireName(team.teamName, 'team');
  const name = requireName(team.name, 'member');
  return signStatement(identity, {
    teamId: undefined,
    parents: [],
    atMs: team.nowMs,
    body: { kind: 'found', teamName, name },
  });
}

/** The newcomer's side: `invite` is the identity of the invite's seed, absent where a person will approve. */
export function askToJoin(
  newcomer: Identity,
  teamId: StatementId,
  name: string,
  invite?: Identity,
): JoinRequest {
  requireName(name, 'member');
  const request = { key: newcomer.key, name, consent: signConsent(newcomer, teamId, name) };
  return invite === undefined
    ? request
    : { ...request, proof: signInviteProof(invite, teamId, newcomer.key, name) };
}

/** Whether the request is the newcomer's own, for this team, and its invite's signature (if any) is right. */
export function isJoinRequest({ key, name, consent, proof }: JoinRequest, teamId: StatementId): boolean {
  if (!isConsent(consent, teamId, key, name)) return false;
  return proof === undefined || isInviteProof(proof, teamId, key, name);
}

/** Makes the invite key one that opens the team. NOT_ALLOWED unless admin; BAD_INPUT on nonsense. */
export function buildInvite(
  author: Author,
  invite: Omit<Extract<StatementBody, { kind: 'invite' }>, 'kind'>,
): Statement {
  requireAdmin(author, 'make invites');
  if (invite.label !== undefined) requireName(invite.label, 'label');
  if (invite.roles.length === 0) throw new CodedError('BAD_INPUT', 'an invite needs at least one role');
  if (invite.roles.includes('admin')) {
    throw new CodedError('BAD_INPUT', 'an invite cannot make admins', {
      hint: 'let them join first, then type: p2pcache trust <member> --role admin',
    });
  }
  if (!Number.isSafeInteger(invite.usesMax) || invite.usesMax < 1 || invite.usesMax > inviteUsesMax) {
    throw new CodedError('BAD_INPUT', `an invite can be used 1 to ${inviteUsesMax} times`);
  }
  if (!Number.isSafeInteger(invite.expiresAtMs) || invite.expiresAtMs <= author.nowMs) {
    throw new CodedError('BAD_INPUT', 'the invite would have expired already', {
      hint: 'for example: --expires 1h',
    });
  }
  return build(author, { kind: 'invite', ...invite });
}

/** An admin lets a newcomer in, or gives a member its new name and roles. NOT_ALLOWED unless admin. */
export function buildAdmit(author: Author, request: JoinRequest, roles: readonly Role[]): Statement {
  requireAdmin(author, 'admit members');
  requireSound(author, request);
  if (roles.length === 0) throw new CodedError('BAD_INPUT', 'a member needs at least one role');
  const { key: member, name, consent } = request;
  return build(author, { kind: 'admit', member, name, roles, consent });
}

/** Any member lets in a newcomer who holds an invite. INVITE_REFUSED with the reason. */
export function buildInviteAdmit(author: Author, request: JoinRequest): Statement {
  requireMember(author);
  requireSound(author, request);
  const { key: member, name, consent, proof } = request;
  if (proof === undefined) throw refusedInvite('there is no invite in the request');
  const invite = author.ledger.keyring().invites.get(proof.invite);
  const reason = inviteProblem(invite, author.nowMs);
  if (invite === undefined || reason !== undefined) throw refusedInvite(reason ?? '');
  return build(author, { kind: 'admit', member, name, roles: invite.roles, consent, proof });
}

/** Why the invite lets nobody in at `nowMs`, or undefined when it does. */
export function inviteProblem(invite: Invite | undefined, nowMs: number): string | undefined {
  if (invite === undefined) return 'the invite is not known to this team';
  if (invite.isRevoked) return 'the invite was revoked';
  if (nowMs > invite.expiresAtMs) return 'the invite has expired';
  if (invite.usesLeft <= 0) return 'the invite was used already';
  return undefined;
}

/** Gives a member its new name and roles; `admin` can be given but not taken away. NOT_ALLOWED, UNKNOWN_MEMBER. */
export function buildChange(
  author: Author,
  member: MemberKey,
  change: { name: string; roles: readonly Role[] },
): Statement {
  requireAdmin(author, 'change members');
  requireName(change.name, 'member');
  const keyring = author.ledger.keyring();
  if (!keyring.isMember(member)) throw new CodedError('UNKNOWN_MEMBER', 'that key is not a member');
  if (change.roles.length === 0) throw new CodedError('BAD_INPUT', 'a member needs at least one role');
  if (keyring.hasRole(member, 'admin') && !change.roles.includes('admin')) {
    throw new CodedError('BAD_INPUT', 'an admin cannot be demoted, only revoked', {
      hint: 'revoke the machine, and let it join again with a new key',
    });
  }
  return build(author, { kind: 'change', member, ...change });
}

/** Ends a member or an invite for good; a member may end itself (leave). `sinceMs`: its records from before stay good, by
 * its own clock, so only for those who left in peace. NOT_ALLOWED for others' keys unless admin, and for the last admin. */
export function buildRevoke(author: Author, target: MemberKey, sinceMs?: number): Statement {
  const keyring = author.ledger.keyring();
  const self = author.identity.key;
  if (target === self) requireMember(author);
  else requireAdmin(author, 'revoke');
  const isOtherAdmin = [...keyring.members.keys()].some(
    key => key !== target && keyring.hasRole(key, 'admin'),
  );
  if (keyring.hasRole(target, 'admin') && !isOtherAdmin) {
    throw new CodedError(
      'NOT_ALLOWED',
      'the last admin cannot be revoked: nobody could admit anyone any more',
      {
        hint: 'make another member admin first: p2pcache trust <member> --role admin',
      },
    );
  }
  if (sinceMs !== undefined && (!Number.isSafeInteger(sinceMs) || sinceMs < 0)) {
    throw new CodedError('BAD_INPUT', 'not a time to revoke from');
  }
  return build(author, { kind: 'revoke', target, sinceMs });
}

/** Sets which records count. NOT_ALLOWED unless admin. */
export function buildPolicy(author: Author, policy: Policy): Statement {
  requireAdmin(author, "set the team's policy");
  if (!isPolicy(policy))
    throw new CodedError('BAD_INPUT', 'not a policy', {
      hint: 'any-writer, ci-only, or k-of-n with k from 2 on',
    });
  return build(author, { kind: 'policy', policy });
}

function build({ identity, ledger, nowMs }: Author, body: StatementBody): Statement {
  const parents = ledger.heads().slice(0, statementParentsMax);
  return signStatement(identity, { teamId: ledger.teamId, parents, atMs: Math.round(nowMs), body });
}

function requireAdmin(author: Author, what: string): void {
  requireMember(author);
  const keyring = author.ledger.keyring();
  if (keyring.hasRole(author.identity.key, 'admin')) return;
  const admins = [...keyring.members.values()]
    .filter(({ key }) => keyring.hasRole(key, 'admin'))
    .map(({ name }) => name);
  throw new CodedError('NOT_ALLOWED', `only admins may ${what}`, {
    hint: `admins of this team: ${admins.join(', ') || 'none'}`,
  });
}

function requireMember({ identity, ledger }: Author): void {
  const keyring = ledger.keyring();
  if (keyring.isMember(identity.key)) return;
  const isRevoked = keyring.isRevoked(identity.key);
  const message = isRevoked
    ? `this machine was revoked from team ${keyring.teamName}`
    : `this machine is not in team ${keyring.teamName}`;
  throw new CodedError(isRevoked ? 'NOT_ALLOWED' : 'NOT_IN_TEAM', message, {
    hint: 'ask an admin of the team',
  });
}

function requireSound({ ledger }: Author, request: JoinRequest): void {
  requireName(request.name, 'member');
  if (ledger.keyring().isRevoked(request.key)) {
    throw new CodedError('NOT_ALLOWED', `the key of ${request.name} was revoked, which is for good`, {
      hint: 'that machine needs a new key to join again',
    });
  }
  if (!isJoinRequest(request, ledger.teamId))
    throw new CodedError('REFUSED', `the request of ${request.name} is not signed rightly`);
}

function refusedInvite(reason: string): CodedError {
  return new CodedError('INVITE_REFUSED', reason, { hint: 'ask an admin for a new one: p2pcache invite' });
}
