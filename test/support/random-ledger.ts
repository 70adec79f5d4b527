// Ledgers that nobody sane would write: statements of every kind by members, revoked members and strangers, with or without
// the right to, on parents picked anywhere in the past.
import type { Identity } from '../../src/team/identity.ts';
import { type Role, roles } from '../../src/team/keyring.ts';
import {
  type Statement,
  type StatementBody,
  type StatementId,
  signConsent,
  signInviteProof,
  signStatement,
} from '../../src/team/statement.ts';
import type { SeededRandom } from './seeded-random.ts';
import { testIdentity } from './team.ts';

/** The first is the founder. */
export const people: readonly Identity[] = Array.from({ length: 7 }, (_, index) => testIdentity(100 + index));
const invites: readonly Identity[] = [testIdentity(200), testIdentity(201)];
export const strangers: readonly Identity[] = [testIdentity(300), testIdentity(301)];

export function randomLedger(random: SeededRandom, count: number): Statement[] {
  const founding: StatementBody = { kind: 'found', teamName: 'acme', name: 'founder' };
  const found = signStatement(people[0]!, { teamId: undefined, parents: [], atMs: 1, body: founding });
  const statements = [found];
  while (statements.length < count) {
    // The founder often, so that many others come to be members and admins.
    const author = random.fraction() < 0.35 ? people[0]! : random.pick(people);
    statements.push(randomStatement(random, author, statements));
  }
  return statements;
}

/** A statement by `author` on one to three of `past`, mostly recent ones. */
export function randomStatement(
  random: SeededRandom,
  author: Identity,
  past: readonly Statement[],
): Statement {
  const parents = Array.from({ length: 1 + random.below(3) }, () => {
    const back = random.fraction() < 0.8 ? Math.min(past.length, 5) : past.length;
    return past[past.length - 1 - random.below(back)]!.id;
  });
  const teamId = past[0]!.id;
  return signStatement(author, {
    teamId,
    parents,
    atMs: 1 + random.below(100),
    body: randomBody(random, teamId),
  });
}

function randomBody(random: SeededRandom, teamId: StatementId): StatementBody {
  const someone = random.pick(people);
  const name = `m${random.below(5)}`;
  const invite = random.pick(invites);
  const chance = random.fraction();
  if (chance < 0.28) {
    const consent = signConsent(someone, teamId, name);
    return { kind: 'admit', member: someone.key, name, roles: randomRoles(random), consent };
  }
  if (chance < 0.52) {
    const proof = signInviteProof(invite, teamId, someone.key, name);
    const consent = signConsent(someone, teamId, name);
    return { kind: 'admit', member: someone.key, name, roles: randomRoles(random), consent, proof };
  }
  if (chance < 0.66) {
    const given = randomRoles(random).filter(role => role !== 'admin');
    const limits = { expiresAtMs: 20 + random.below(120), usesMax: 1 + random.below(2) };
    return { kind: 'invite', invite: invite.key, roles: given.length > 0 ? given : ['reader'], ...limits };
  }
  if (chance < 0.71) return { kind: 'change', member: someone.key, name, roles: randomRoles(random) };
  if (chance < 0.75) return { kind: 'policy', policy: { kind: 'k-of-n', signers: 2 + random.below(3) } };
  const target = random.pick([...people.slice(1), ...people, ...invites, ...strangers]).key;
  return random.fraction() < 0.2
    ? { kind: 'revoke', target, sinceMs: random.below(50) }
    : { kind: 'revoke', target };
}

function randomRoles(random: SeededRandom): Role[] {
  const given = roles.filter(role => random.fraction() < (role === 'admin' ? 0.5 : 0.3));
  return given.length > 0 ? given : ['writer'];
}
