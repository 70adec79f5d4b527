// The rules of who is in, one by one. The same rules over random ledgers: fold-properties.test.ts.
import { describe, expect, it } from 'vitest';
import { buildChange, buildInvite, buildRevoke } from '../../src/team/build-statement.ts';
import type { Identity } from '../../src/team/identity.ts';
import type { Role } from '../../src/team/keyring.ts';
import { type StatementBody, signConsent, signInviteProof } from '../../src/team/statement.ts';
import { TestTeam, testIdentity } from '../support/team.ts';

const founder = testIdentity(1);
const ann = testIdentity(2);
const bob = testIdentity(3);
const cat = testIdentity(4);
const dan = testIdentity(5);
const stranger = testIdentity(6);
const invite = testIdentity(7);

/** Brings both copies to the same statements; their keyrings must then be the same. */
async function merge(one: TestTeam, other: TestTeam): Promise<void> {
  await one.learnFrom(other);
  await other.learnFrom(one);
  expect(other.ledger.heads()).toEqual(one.ledger.heads());
  expect(other.names).toEqual(one.names);
}

function admission(
  team: TestTeam,
  newcomer: Identity,
  name: string,
  roles: Role[] = ['writer'],
): StatementBody {
  const consent = signConsent(newcomer, team.ledger.teamId, name);
  return { kind: 'admit', member: newcomer.key, name, roles, consent };
}

function invited(team: TestTeam, newcomer: Identity, name: string): StatementBody {
  const proof = signInviteProof(invite, team.ledger.teamId, newcomer.key, name);
  return { ...admission(team, newcomer, name), proof } as StatementBody;
}

function inviteFor(usesMax: number, roles: Role[] = ['ci']) {
  return { invite: invite.key, roles, expiresAtMs: 10_000, usesMax };
}

describe('authority', () => {
  it('makes the founder an admin that may write', async () => {
    const team = await TestTeam.found(founder);
    const keyring = team.ledger.keyring();
    expect(keyring.teamName).toBe('acme');
    expect(keyring.hasRole(founder.key, 'admin')).toBe(true);
    expect(keyring.mayVouch(founder.key, 5)).toBe(true);
  });

  it('takes no admission from a stranger or from a member who is no admin', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann');
    await team.force(stranger, admission(team, stranger, 'stranger', ['admin']));
    await team.force(ann, admission(team, bob, 'bob'));
    expect(team.names).toEqual(['ann', 'founder']);
  });

  it('lets an admin made by the founder make further members and admins', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['writer', 'admin']);
    await team.admit(ann, bob, 'bob', ['admin']);
    await team.admit(bob, cat, 'cat', ['reader']);
    expect(team.names).toEqual(['ann', 'bob', 'cat', 'founder']);
  });

  it('judges by what the author had seen: an admission signed before its author became admin does not count', async () => {
    const team = await TestTeam.found(founder);
    const early = await team.fork();
    await team.admit(founder, ann, 'ann', ['admin']);
    await early.force(ann, admission(early, bob, 'bob'));
    await merge(team, early);
    expect(team.names).toEqual(['ann', 'founder']);
  });

  it('changes names and roles, but never takes `admin` away', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['writer']);
    await team.add(buildChange(team.by(founder), ann.key, { name: 'anna', roles: ['reader', 'admin'] }));
    await team.force(founder, { kind: 'change', member: ann.key, name: 'annie', roles: ['writer'] });
    expect(team.ledger.keyring().members.get(ann.key)).toMatchObject({
      name: 'annie',
      roles: ['writer', 'admin'],
    });
  });
});

describe('revocation', () => {
  it('ends a member, and what it does from then on', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['writer', 'admin']);
    await team.admit(ann, bob, 'bob');
    await team.add(buildRevoke(team.by(founder), ann.key));
    await team.force(ann, admission(team, cat, 'cat'));
    expect(team.names).toEqual(['bob', 'founder']);
    expect(team.ledger.keyring().mayVouch(ann.key, 0)).toBe(false);
  });

  it('wins over what its target did at the same time, and over what hangs on that', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['admin']);
    const apart = await team.fork();
    await team.add(buildRevoke(team.by(founder), ann.key));
    await apart.admit(ann, bob, 'bob', ['admin']);
    await apart.admit(bob, cat, 'cat');
    expect(apart.names).toContain('cat');
    await merge(team, apart);
    expect(team.names).toEqual(['founder']);
  });

  it('cannot be escaped by back-dating, nor undone by admitting the key again', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['admin']);
    const parents = team.ledger.heads();
    await team.add(buildRevoke(team.by(founder), ann.key));
    await team.force(ann, admission(team, stranger, 'friend'), parents, 1);
    await team.force(founder, admission(team, ann, 'ann'));
    expect(team.names).toEqual(['founder']);
  });

  it('of a key that was never admitted keeps it out', async () => {
    const team = await TestTeam.found(founder);
    await team.add(buildRevoke(team.by(founder), stranger.key));
    await team.force(founder, admission(team, stranger, 'stranger'));
    expect(team.ledger.keyring().isMember(stranger.key)).toBe(false);
    expect(team.ledger.keyring().isRevoked(stranger.key)).toBe(true);
  });

  it('with a time keeps the records from before; the strictest of several wins', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann');
    await team.add(buildRevoke(team.by(founder), ann.key, 500));
    expect(team.ledger.keyring().mayVouch(ann.key, 499)).toBe(true);
    expect(team.ledger.keyring().mayVouch(ann.key, 500)).toBe(false);
    await team.add(buildRevoke(team.by(founder), ann.key, 300));
    await team.add(buildRevoke(team.by(founder), ann.key, 400));
    expect(team.ledger.keyring().mayVouch(ann.key, 350)).toBe(false);
    expect(team.ledger.keyring().mayVouch(ann.key, 299)).toBe(true);
  });

  it('of each other, unseen: the one nearer to the founder stays', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['admin']);
    const apart = await team.fork();
    await team.add(buildRevoke(team.by(founder), ann.key));
    await apart.add(buildRevoke(apart.by(ann), founder.key));
    await merge(team, apart);
    expect(team.names).toEqual(['founder']);
    // The founder has now seen that revocation, and still acts.
    await team.admit(founder, bob, 'bob', ['admin']);
    await team.add(buildRevoke(team.by(founder), bob.key));
    expect(team.names).toEqual(['founder']);
  });

  it('of each other, unseen, among equals: both go', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['admin']);
    await team.admit(founder, bob, 'bob', ['admin']);
    const apart = await team.fork();
    await team.add(buildRevoke(team.by(ann), bob.key));
    await apart.add(buildRevoke(apart.by(bob), ann.key));
    await merge(team, apart);
    expect(team.names).toEqual(['founder']);
  });

  it('that a senior cuts gives its victim everything back', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['admin']);
    await team.admit(founder, bob, 'bob', ['admin']);
    const apart = await team.fork();
    await apart.add(buildRevoke(apart.by(ann), bob.key));
    await team.add(buildRevoke(team.by(founder), ann.key));
    await merge(team, apart);
    expect(team.names).toEqual(['bob', 'founder']);
    await team.admit(bob, cat, 'cat', ['admin']);
    await team.admit(cat, dan, 'dan');
    await team.add(buildRevoke(team.by(cat), dan.key));
    expect(team.names).toEqual(['bob', 'cat', 'founder']);
  });

  it('lets a member leave, and an admin unless it is the last', async () => {
    const team = await TestTeam.found(founder);
    await team.force(founder, { kind: 'revoke', target: founder.key });
    expect(team.names).toEqual(['founder']);
    await team.admit(founder, ann, 'ann');
    await team.add(buildRevoke(team.by(ann), ann.key));
    await team.admit(founder, bob, 'bob', ['admin']);
    await team.add(buildRevoke(team.by(founder), founder.key));
    expect(team.names).toEqual(['bob']);
  });

  it('by a member who is no admin, or by a stranger, does nothing', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann');
    await team.force(ann, { kind: 'revoke', target: founder.key });
    await team.force(stranger, { kind: 'revoke', target: ann.key });
    expect(team.names).toEqual(['ann', 'founder']);
  });
});

describe('invites', () => {
  it('let any member admit, with the roles of the invite, within its time', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['reader']);
    await team.add(buildInvite(team.by(founder), inviteFor(2)));
    await team.admitByInvite(ann, bob, 'bob', invite);
    await team.force(ann, invited(team, cat, 'cat'), team.ledger.heads(), 10_001);
    const keyring = team.ledger.keyring();
    expect(keyring.members.get(bob.key)).toMatchObject({
      roles: ['ci'],
      admittedBy: ann.key,
      invite: invite.key,
    });
    expect(team.names).toEqual(['ann', 'bob', 'founder']);
    expect(keyring.invites.get(invite.key)?.usesLeft).toBe(1);
    expect([keyring.isInvite(invite.key, 10_000), keyring.isInvite(invite.key, 10_001)]).toEqual([
      true,
      false,
    ]);
  });

  it('are used at most as often as they say, also by members who do not know of each other', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann');
    await team.add(buildInvite(team.by(founder), inviteFor(1)));
    const apart = await team.fork();
    await team.admitByInvite(founder, bob, 'bob', invite);
    await apart.admitByInvite(ann, cat, 'cat', invite);
    await merge(team, apart);
    expect(team.names).toHaveLength(3);
    await team.force(founder, invited(team, dan, 'dan'));
    expect(team.names).toHaveLength(3);
  });

  it('count one newcomer whom two members admit at the same time once', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann');
    await team.add(buildInvite(team.by(founder), inviteFor(2)));
    const apart = await team.fork();
    await team.admitByInvite(founder, bob, 'bob', invite);
    await apart.admitByInvite(ann, bob, 'bob', invite);
    await merge(team, apart);
    expect(team.ledger.keyring().invites.get(invite.key)?.usesLeft).toBe(1);
    await team.admitByInvite(bob, cat, 'cat', invite);
    expect(team.names).toEqual(['ann', 'bob', 'cat', 'founder']);
  });

  it('that are revoked keep whom they let in, and let in nobody after or at the same time', async () => {
    const team = await TestTeam.found(founder);
    await team.add(buildInvite(team.by(founder), inviteFor(5)));
    await team.admitByInvite(founder, ann, 'ann', invite);
    const apart = await team.fork();
    await team.add(buildRevoke(team.by(founder), invite.key));
    await apart.admitByInvite(ann, bob, 'bob', invite);
    await merge(team, apart);
    await team.force(founder, invited(team, cat, 'cat'));
    expect(team.names).toEqual(['ann', 'founder']);
    expect(team.ledger.keyring().isInvite(invite.key, 5)).toBe(false);
  });

  it('die with the admin who made them', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['admin']);
    await team.add(buildInvite(team.by(ann), inviteFor(5)));
    await team.add(buildRevoke(team.by(founder), ann.key));
    await team.force(founder, invited(team, ann, 'again'));
    await team.force(founder, invited(team, bob, 'bob'));
    expect(team.names).toEqual(['founder']);
    expect(team.ledger.keyring().isInvite(invite.key, 5)).toBe(false);
  });

  it('give nobody more than they say: neither admin by the admission, nor a change to a member', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann');
    await team.add(buildInvite(team.by(founder), inviteFor(5, ['reader'])));
    await team.force(ann, { ...invited(team, bob, 'bob'), roles: ['admin'] } as StatementBody);
    await team.force(ann, invited(team, founder, 'nobody'));
    await team.force(bob, admission(team, cat, 'cat'));
    expect(team.names).toEqual(['ann', 'bob', 'founder']);
    expect(team.ledger.keyring().members.get(bob.key)?.roles).toEqual(['reader']);
    expect(team.ledger.keyring().hasRole(founder.key, 'admin')).toBe(true);
  });

  it('that no admin made let nobody in', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann');
    await team.force(ann, { kind: 'invite', ...inviteFor(5) });
    await team.force(founder, invited(team, bob, 'bob'));
    expect(team.names).toEqual(['ann', 'founder']);
  });
});
