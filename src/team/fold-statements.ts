// The fold: a set of statements in, the keyring out. Pure, total, and the same on every machine whatever the order of arrival.
//
// What counts:
// 1. Authority is judged by what the author had seen: an admin's statement counts if its ancestors make the author an admin
//    who is not revoked. A stranger's never does.
// 2. A revocation also cuts what its target signed without the revocation's author having seen it: a stolen key cannot
//    escape by back-dating. What hangs on a cut statement (members admitted, invites made) goes with it.
// 3. Admins who revoke each other unseen: the senior's revocation stands alone. Seniority is the distance from the founder
//    in admissions; among equals both stand. So a stolen junior key never locks the founder out. Settling revocations
//    seniors first is what makes rule 2 well-defined: each only meets revocations that are settled.
// 4. A revoked key stays revoked: whoever is let back in makes a new key. An admin's role ends by revocation only, since
//    a demoted one could go on with statements that claim not to have seen it.
// 5. The only admin that its author can see cannot be revoked (it could only be its own doing).
// Non-goal: surviving a stolen founder's key that acts first; such a team is founded anew.
import { Ancestry } from './ancestry.ts';
import { FoldedKeyring } from './folded-keyring.ts';
import type { MemberKey } from './identity.ts';
import type { Keyring, Role } from './keyring.ts';
import type { Statement, StatementBody, StatementId } from './statement.ts';

/** The keyring of the team, or undefined while its founding statement is not among them. Never throws. */
export function foldStatements(statements: Iterable<Statement>, teamId: string): Keyring | undefined {
  const own = [...statements].filter(statement => statement.teamId === teamId);
  const asked = new Set(own.flatMap(keysAskedAbout));
  const ancestry = new Ancestry(own, statement => isWorthMarking(statement, asked));
  const found = ancestry.order.find(statement => statement.id === teamId);
  if (found?.body.kind !== 'found') return undefined;

  const settled = settleRevocations(ancestry);
  const fold = new Fold(ancestry, { settled, isLast: true }).run();
  return new FoldedKeyring(found as Founding, fold.counted, settled);
}

/** The revocations that stand. Each round settles those of the most senior authors that count as things are settled so far;
 * what is settled stays so, and cuts whatever is judged after it (rule 3). One round per rank in all but contrived cases. */
function settleRevocations(ancestry: Ancestry): Statement[] {
  const revocations = ancestry.order.filter(statement => statement.body.kind === 'revoke');
  const seniority = new Fold(ancestry, { settled: [] }).run();
  const settled = new Set<Statement>();
  while (settled.size < revocations.length) {
    const fold = new Fold(ancestry, { settled: [...settled] }).run();
    const standing = revocations.filter(revocation => !settled.has(revocation) && fold.counts(revocation));
    const senior = Math.min(...standing.map(revocation => seniority.rankOf(revocation)));
    for (const one of standing) if (seniority.rankOf(one) === senior) settled.add(one);
    if (standing.length === 0) break;
  }
  return [...settled];
}

export type Founding = Statement & { body: Extract<StatementBody, { kind: 'found' }> };

/** The members whose standing the statement's judgement asks for. */
function keysAskedAbout({ author, body }: Statement): MemberKey[] {
  return body.kind === 'change' ? [author, body.member] : [author];
}

/** Statements of which it is asked who had seen them; admissions of the many who never sign anything are not. */
function isWorthMarking(statement: Statement, asked: ReadonlySet<MemberKey>): boolean {
  const { body } = statement;
  if (body.kind !== 'admit' && body.kind !== 'change') return body.kind !== 'policy';
  return asked.has(body.member) || grantedRoles(statement).includes('admin');
}

interface Stage {
  /** Revocations that are known to stand. */
  readonly settled: readonly Statement[];
  /** Revocations that are not settled fell; before, they count for whoever had seen them. */
  readonly isLast?: boolean;
}

/** One pass over the statements in their order, given the revocations settled so far. */
class Fold {
  readonly #ancestry: Ancestry;
  readonly #stage: Stage;
  readonly #settled: ReadonlySet<Statement>;
  readonly #settledByTarget: ReadonlyMap<MemberKey, Statement[]>;
  /** What counts so far, in order. */
  readonly counted: Statement[] = [];
  readonly #countedIds = new Set<StatementId>();
  /** By member: the founding, admissions and changes that count. */
  readonly #grants = new Map<MemberKey, Statement[]>();
  readonly #revocations = new Map<MemberKey, Statement[]>();
  readonly #invites = new Map<MemberKey, Statement>();
  readonly #invited = new Map<MemberKey, Set<MemberKey>>();
  readonly #ranks = new Map<StatementId, number>();

  constructor(ancestry: Ancestry, stage: Stage) {
    this.#ancestry = ancestry;
    this.#stage = stage;
    this.#settled = new Set(stage.settled);
    this.#settledByTarget = Map.groupBy(stage.settled, revocation => targetOf(revocation)!);
  }

  run(): this {
    for (const statement of this.#ancestry.order) {
      this.#ranks.set(statement.id, this.#rank(statement));
      if (this.#holds(statement)) this.#take(statement);
    }
    return this;
  }

  counts(statement: Statement): boolean {
    return this.#countedIds.has(statement.id);
  }

  /** The author's distance from the founder, 0 for the founder, as far as the author had seen. */
  rankOf(statement: Statement): number {
    return this.#ranks.get(statement.id) ?? Number.POSITIVE_INFINITY;
  }

  #rank(statement: Statement): number {
    if (statement.body.kind === 'found') return 0;
    const grants = this.#seen(statement, this.#grants.get(statement.author));
    return Math.min(...grants.map(grant => (grant.body.kind === 'found' ? 0 : this.rankOf(grant) + 1)));
  }

  #holds(statement: Statement): boolean {
    if (this.#settled.has(statement)) return true;
    if (statement.body.kind === 'revoke' && this.#stage.isLast) return false;
    return !this.#isCut(statement) && this.#isAuthorised(statement);
  }

  /** Rule 2: a settled revocation of the author, or of what the statement hangs on, had not seen it. */
  #isCut(statement: Statement): boolean {
    return this.#hangsOn(statement).some(key =>
      this.#settledByTarget.get(key)?.some(settled => !this.#ancestry.isInPastOf(settled, statement)),
    );
  }

  /** The keys whose revocation keeps the statement from counting. An invite dies with the admin who made it. */
  #hangsOn({ author, body }: Statement): MemberKey[] {
    if (body.kind !== 'admit') return [author];
    const invite = body.proof && this.#invites.get(body.proof.invite);
    return [
      author,
      body.member,
      ...(body.proof ? [body.proof.invite] : []),
      ...(invite ? [invite.author] : []),
    ];
  }

  /** Rule 1. */
  #isAuthorised(statement: Statement): boolean {
    const { author, body } = statement;
    if (body.kind === 'found') return statement.id === statement.teamId;
    if (this.#hangsOn(statement).some(key => this.#isRevokedFor(statement, key))) return false;
    if (body.kind === 'revoke' && body.target === author) return this.#mayLeave(statement);
    if (body.kind === 'admit' && body.proof)
      return this.#isInvited(statement, body.member, body.proof.invite);
    if (body.kind === 'change' && !this.#isMemberFor(statement, body.member)) return false;
    return this.#isAdminFor(statement, author);
  }

  /** Members may leave; rule 5 keeps the last admin. */
  #mayLeave(statement: Statement): boolean {
    const { author } = statement;
    if (!this.#isMemberFor(statement, author)) return false;
    if (!this.#isAdminFor(statement, author)) return true;
    return [...this.#grants.keys()].some(key => key !== author && this.#isAdminFor(statement, key));
  }

  #isInvited(statement: Statement, newcomer: MemberKey, inviteKey: MemberKey): boolean {
    const invite = this.#invites.get(inviteKey);
    if (invite?.body.kind !== 'invite' || !this.#ancestry.hasSeen(statement, invite)) return false;
    if (!this.#isMemberFor(statement, statement.author) || statement.atMs > invite.body.expiresAtMs)
      return false;
    const users = this.#invited.get(inviteKey);
    // Two members may admit one newcomer at the same time: that is one use.
    return users === undefined || users.has(newcomer) || users.size < invite.body.usesMax;
  }

  #isMemberFor(statement: Statement, key: MemberKey): boolean {
    return this.#seen(statement, this.#grants.get(key)).length > 0 && !this.#isRevokedFor(statement, key);
  }

  #isAdminFor(statement: Statement, key: MemberKey): boolean {
    const grants = this.#seen(statement, this.#grants.get(key));
    return grants.some(grant => grantedRoles(grant).includes('admin')) && !this.#isRevokedFor(statement, key);
  }

  #isRevokedFor(statement: Statement, key: MemberKey): boolean {
    return this.#seen(statement, this.#revocations.get(key)).length > 0;
  }

  #seen(statement: Statement, those: readonly Statement[] = []): Statement[] {
    return those.filter(one => this.#ancestry.hasSeen(statement, one));
  }

  #take(statement: Statement): void {
    const { author, body } = statement;
    this.counted.push(statement);
    this.#countedIds.add(statement.id);
    if (body.kind === 'found') push(this.#grants, author, statement);
    if (body.kind === 'admit' || body.kind === 'change') push(this.#grants, body.member, statement);
    if (body.kind === 'revoke') push(this.#revocations, body.target, statement);
    if (body.kind === 'invite' && !this.#invites.has(body.invite)) this.#invites.set(body.invite, statement);
    if (body.kind === 'admit' && body.proof) {
      const users = this.#invited.get(body.proof.invite) ?? new Set();
      this.#invited.set(body.proof.invite, users.add(body.member));
    }
  }
}

function grantedRoles({ body }: Statement): readonly Role[] {
  if (body.kind === 'found') return ['admin'];
  // An invite never makes an admin, whatever the admission that uses it says.
  if (body.kind === 'admit') return body.proof ? [] : body.roles;
  return body.kind === 'change' ? body.roles : [];
}

function targetOf({ body }: Statement): MemberKey | undefined {
  return body.kind === 'revoke' ? body.target : undefined;
}

function push<K>(lists: Map<K, Statement[]>, key: K, statement: Statement): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [statement]);
  else list.push(statement);
}
