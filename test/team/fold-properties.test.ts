// What must hold of every set of statements, tried on random ledgers. A seed that ever failed goes into `failedSeeds`.
import { describe, expect, it } from 'vitest';
import { foldStatements } from '../../src/team/fold-statements.ts';
import type { Keyring } from '../../src/team/keyring.ts';
import { Ledger } from '../../src/team/ledger.ts';
import { MemoryLedgerStore } from '../../src/team/ledger-store.ts';
import { encodeStatement, type Statement, type StatementId } from '../../src/team/statement.ts';
import { people, randomLedger, randomStatement, strangers } from '../support/random-ledger.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const failedSeeds: readonly number[] = [];
const seeds = [...failedSeeds, ...Array.from({ length: 200 }, (_, index) => index + 1)];
const founder = people[0]!;

function forEachLedger(check: (ledger: Statement[], random: SeededRandom) => void): void {
  for (const seed of seeds) {
    const random = new SeededRandom(seed);
    try {
      check(randomLedger(random, 5 + random.below(40)), random);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
}

function fold(statements: readonly Statement[], teamId = statements[0]!.teamId): Keyring {
  const keyring = foldStatements(statements, teamId);
  if (keyring === undefined) throw new Error('no keyring');
  return keyring;
}

/** Everything that a keyring says, comparable. */
function said(keyring: Keyring | undefined) {
  if (keyring === undefined) return undefined;
  const vouching = people.map(({ key }) => [0, 25, 49, 1000].map(atMs => keyring.mayVouch(key, atMs)));
  const revoked = [...people, ...strangers].map(({ key }) => keyring.isRevoked(key));
  return {
    members: [...keyring.members],
    invites: [...keyring.invites],
    policy: keyring.policy,
    vouching,
    revoked,
  };
}

function pastOf(statement: Statement, all: readonly Statement[]): Statement[] {
  const past = new Set<StatementId>(statement.parents);
  for (const one of [...all].reverse())
    if (past.has(one.id)) for (const parent of one.parents) past.add(parent);
  return all.filter(one => past.has(one.id));
}

/** What some member may know: with each statement, all that its author had seen. */
function randomPart(random: SeededRandom, statements: readonly Statement[]): Statement[] {
  const known = new Set<StatementId>([statements[0]!.id]);
  for (const { id, parents } of statements.slice(1)) {
    if (random.fraction() < 0.8 && parents.every(parent => known.has(parent))) known.add(id);
  }
  return statements.filter(({ id }) => known.has(id));
}

describe('the fold of any ledger', () => {
  it('is worth testing: the random ledgers have members, admins, used invites, and revocations of each', () => {
    const counts = { members: 0, admins: 0, revoked: 0, invited: 0, founderGone: 0 };
    forEachLedger(ledger => {
      const keyring = fold(ledger);
      const members = [...keyring.members.values()];
      counts.members += members.length;
      counts.admins += members.filter(({ key }) => keyring.hasRole(key, 'admin')).length;
      counts.revoked += members.filter(({ isRevoked }) => isRevoked).length;
      counts.invited += members.filter(({ invite }) => invite !== undefined).length;
      counts.founderGone += keyring.isMember(founder.key) ? 0 : 1;
    });
    expect(
      Object.values(counts).every(count => count >= 10),
      JSON.stringify(counts),
    ).toBe(true);
  });

  it('does not depend on the order of arrival', () => {
    forEachLedger((ledger, random) => {
      const expected = said(fold(ledger));
      for (let round = 0; round < 3; round++) {
        expect(said(fold(random.shuffled(ledger), ledger[0]!.id))).toEqual(expected);
      }
    });
  });

  it('is total: any part of a ledger folds, and means what its complete statements mean', () => {
    forEachLedger((ledger, random) => {
      const part = ledger.filter(() => random.fraction() < 0.8);
      const ids = new Set<string>();
      for (const { id, parents } of part) if (parents.every(parent => ids.has(parent))) ids.add(id);
      const complete = part.filter(({ id }) => ids.has(id));
      const teamId = ledger[0]!.id;
      expect(said(foldStatements(random.shuffled(part), teamId))).toEqual(
        said(foldStatements(complete, teamId)),
      );
    });
  });

  it('is not moved by what strangers say, nor by another team’s statements', () => {
    forEachLedger((ledger, random) => {
      const noise = Array.from({ length: 5 }, () => randomStatement(random, random.pick(strangers), ledger));
      const other = randomLedger(new SeededRandom(random.below(1000)), 10).map(one => ({
        ...one,
        teamId: one.id,
      }));
      expect(said(fold([...ledger, ...noise, ...other]))).toEqual(said(fold(ledger)));
    });
  });

  it('keeps a key out for good once the founder revoked it, whatever the key signs on whatever past', () => {
    forEachLedger((ledger, random) => {
      const standing = ledger.filter(one => {
        const isByFounder =
          one.body.kind === 'revoke' && one.author === founder.key && one.body.target !== founder.key;
        return isByFounder && fold(pastOf(one, ledger)).isMember(founder.key);
      });
      for (const { body } of standing) {
        const target = people.find(({ key }) => body.kind === 'revoke' && key === body.target);
        if (target === undefined) continue;
        expect(fold(ledger).isMember(target.key)).toBe(false);
        const more = Array.from({ length: 4 }, () => randomStatement(random, target, ledger));
        expect(said(fold([...ledger, ...more]))).toEqual(said(fold(ledger)));
      }
    });
  });

  it('keeps the founder in unless the founder leaves or had nothing against who revoked it', () => {
    forEachLedger(ledger => {
      if (fold(ledger).isMember(founder.key)) return;
      const isAgainst = ({ body }: Statement) => body.kind === 'revoke' && body.target === founder.key;
      const causes = ledger.filter(isAgainst);
      const isRebuffed = (cause: Statement) =>
        ledger.some(answer => {
          const isAnswer =
            answer.author === founder.key &&
            answer.body.kind === 'revoke' &&
            answer.body.target === cause.author;
          const past = pastOf(answer, ledger);
          return isAnswer && !past.some(isAgainst) && !past.includes(cause);
        });
      expect(causes.some(cause => cause.author === founder.key || !isRebuffed(cause))).toBe(true);
    });
  });

  it('never lets an invite in more newcomers than it says', () => {
    forEachLedger(ledger => {
      const keyring = fold(ledger);
      for (const invite of keyring.invites.values()) {
        const users = [...keyring.members.values()].filter(member => member.invite === invite.key);
        expect(users.length).toBeLessThanOrEqual(invite.usesMax);
        expect(invite.usesLeft).toBeGreaterThanOrEqual(0);
        expect(users.every(user => user.admittedAtMs <= invite.expiresAtMs)).toBe(true);
      }
    });
  });

  it('only knows members whom a chain of admissions links to the founder', () => {
    forEachLedger(ledger => {
      const { members } = fold(ledger);
      for (const member of members.values()) {
        const seen = new Set<string>();
        for (let link = member; link.key !== founder.key; link = members.get(link.admittedBy)!) {
          expect(members.has(link.admittedBy) && !seen.has(link.key)).toBe(true);
          seen.add(link.key);
        }
      }
    });
  });
});

describe('ledgers that exchange statements', () => {
  it('end up with the same statements and keyring, from any two parts', async () => {
    for (const seed of seeds.slice(0, 12)) {
      const random = new SeededRandom(seed);
      const statements = randomLedger(random, 12);
      const parts = [0, 1].map(() => randomPart(random, statements));
      const [one, other] = (await Promise.all(
        parts.map(async part => {
          const ledger = await Ledger.open(statements[0]!.id, new MemoryLedgerStore());
          await ledger.add(random.shuffled(part).map(encodeStatement));
          return ledger;
        }),
      )) as [Ledger, Ledger];
      await one.add(other.missing(one.heads()));
      await other.add(one.missing(other.heads()));
      expect(other.heads(), `seed ${seed}`).toEqual(one.heads());
      expect(said(other.keyring())).toEqual(said(one.keyring()));
      expect([one.missing(other.heads()), other.missing(one.heads())]).toEqual([[], []]);
    }
  });
});
