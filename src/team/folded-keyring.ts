// The keyring that the statements which count add up to; which of them count is fold-statements.ts' matter.
import type { Founding } from './fold-statements.ts';
import type { MemberKey } from './identity.ts';
import type { Invite, Keyring, Member, Policy, Role } from './keyring.ts';
import type { Statement, StatementBody } from './statement.ts';
import { sortedRoles } from './statement-body.ts';

type Body<K extends StatementBody['kind']> = Extract<StatementBody, { kind: K }>;

/** What a founder may do: all that a single machine's team needs. */
const founderRoles: readonly Role[] = ['writer', 'worker', 'admin'];

export class FoldedKeyring implements Keyring {
  readonly teamId: string;
  readonly teamName: string;
  policy: Policy = { kind: 'any-writer' };
  readonly members = new Map<MemberKey, Member>();
  readonly invites = new Map<MemberKey, Invite>();
  readonly #users = new Map<MemberKey, Set<MemberKey>>();
  /** By key: records created before this still count; 0 when none do. */
  readonly #revokedSinceMs = new Map<MemberKey, number>();

  /** `counted`: the statements that count, in their order; `revocations`: those among them that revoke. */
  constructor(found: Founding, counted: readonly Statement[], revocations: readonly Statement[]) {
    this.teamId = found.id;
    this.teamName = found.body.teamName;
    for (const { body } of revocations) if (body.kind === 'revoke') this.#revoke(body);
    for (const statement of counted) this.#take(statement);
    for (const [key, member] of this.members) this.members.set(key, this.#withRevocation(member));
    for (const [key, invite] of this.invites) {
      const isRevoked = this.isRevoked(key) || this.isRevoked(invite.createdBy);
      this.invites.set(key, { ...invite, isRevoked });
    }
  }

  isMember(key: MemberKey): boolean {
    return this.members.get(key)?.isRevoked === false;
  }

  isRevoked(key: MemberKey): boolean {
    return this.#revokedSinceMs.has(key);
  }

  hasRole(key: MemberKey, role: Role): boolean {
    return this.isMember(key) && this.members.get(key)!.roles.includes(role);
  }

  mayVouch(key: MemberKey, createdAtMs: number, made?: string): boolean {
    const member = this.members.get(key);
    const sinceMs = this.#revokedSinceMs.get(key);
    if (member === undefined || (sinceMs !== undefined && createdAtMs >= sinceMs)) return false;
    const trusted: readonly Role[] = this.policy.kind === 'ci-only' ? ['ci'] : ['writer', 'ci', 'admin'];
    if (made === 'farm' && this.policy.kind !== 'ci-only' && member.roles.includes('worker')) return true;
    return member.roles.some(role => trusted.includes(role));
  }

  isInvite(key: MemberKey, nowMs: number): boolean {
    const invite = this.invites.get(key);
    return invite !== undefined && !invite.isRevoked && invite.usesLeft > 0 && nowMs <= invite.expiresAtMs;
  }

  #take({ author, atMs, body }: Statement): void {
    if (body.kind === 'found') {
      const found = { name: body.name, roles: founderRoles, admittedBy: author, admittedAtMs: atMs };
      this.members.set(author, { ...found, key: author, isRevoked: false });
    }
    if (body.kind === 'admit') this.#admit(body, author, atMs);
    if (body.kind === 'change') this.#change(body);
    if (body.kind === 'policy') this.policy = body.policy;
    if (body.kind === 'invite' && !this.invites.has(body.invite)) {
      const { invite: key, label, roles, expiresAtMs, usesMax } = body;
      const made = { createdBy: author, createdAtMs: atMs, isRevoked: false };
      this.invites.set(key, { key, label, roles, expiresAtMs, usesMax, usesLeft: usesMax, ...made });
    }
  }

  #admit(body: Body<'admit'>, admittedBy: MemberKey, admittedAtMs: number): void {
    const { member: key, name, proof } = body;
    const invite = proof && this.invites.get(proof.invite);
    const known = this.members.get(key);
    // An invite lets newcomers in; it changes nothing for those who are in.
    if (invite) this.#use(invite, key);
    if (known !== undefined) {
      if (proof === undefined) this.#change(body);
      return;
    }
    const roles = sortedRoles(invite ? invite.roles : body.roles);
    this.members.set(key, {
      key,
      name,
      roles,
      admittedBy,
      admittedAtMs,
      invite: invite?.key,
      isRevoked: false,
    });
  }

  #use(invite: Invite, newcomer: MemberKey): void {
    const users = this.#users.get(invite.key) ?? new Set();
    this.#users.set(invite.key, users.add(newcomer));
    this.invites.set(invite.key, { ...invite, usesLeft: invite.usesMax - users.size });
  }

  #change({ member: key, name, roles }: Pick<Body<'change'>, 'member' | 'name' | 'roles'>): void {
    const known = this.members.get(key);
    if (known === undefined) return;
    const kept: readonly Role[] = known.roles.includes('admin') ? [...roles, 'admin'] : roles;
    this.members.set(key, { ...known, name, roles: sortedRoles(kept) });
  }

  #revoke({ target, sinceMs = 0 }: Body<'revoke'>): void {
    this.#revokedSinceMs.set(target, Math.min(sinceMs, this.#revokedSinceMs.get(target) ?? sinceMs));
  }

  #withRevocation(member: Member): Member {
    const revokedSinceMs = this.#revokedSinceMs.get(member.key);
    return revokedSinceMs === undefined ? member : { ...member, isRevoked: true, revokedSinceMs };
  }
}
