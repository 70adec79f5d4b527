// Operations are refused before anything is signed, with an error that says what to do.
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import {
  askToJoin,
  buildAdmit,
  buildChange,
  buildInvite,
  buildInviteAdmit,
  buildPolicy,
  buildRevoke,
  foundTeam,
  isJoinRequest,
} from '../../src/team/build-statement.ts';
import { TestTeam, testIdentity } from '../support/team.ts';

const [founder, ann, bob, stranger, invite] = [1, 2, 3, 4, 5].map(testIdentity) as [
  ReturnType<typeof testIdentity>,
  ReturnType<typeof testIdentity>,
  ReturnType<typeof testIdentity>,
  ReturnType<typeof testIdentity>,
  ReturnType<typeof testIdentity>,
];

async function teamOfTwo(): Promise<TestTeam> {
  const team = await TestTeam.found(founder);
  await team.admit(founder, ann, 'ann');
  return team;
}

const refusal = (code: ErrorCode, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message), hint: expect.any(String) });

const inviteFor = { invite: invite.key, roles: ['ci'], expiresAtMs: 9_000, usesMax: 1 } as const;

describe('operations', () => {
  it('that only admins may do are refused to members and strangers, naming the admins', async () => {
    const team = await teamOfTwo();
    const request = askToJoin(bob, team.ledger.teamId, 'bob');
    const operations = [ann, stranger].map(who => [
      () => buildAdmit(team.by(who), request, ['writer']),
      () => buildInvite(team.by(who), inviteFor),
      () => buildRevoke(team.by(who), founder.key),
      () => buildChange(team.by(who), ann.key, { name: 'ann', roles: ['admin'] }),
      () => buildPolicy(team.by(who), { kind: 'ci-only' }),
    ]);
    for (const operation of operations[0]!) expect(operation).toThrow(refusal('NOT_ALLOWED', 'only admins'));
    for (const operation of operations[1]!) expect(operation).toThrow(refusal('NOT_IN_TEAM'));
  });

  it('of a revoked machine are refused as such', async () => {
    const team = await teamOfTwo();
    await team.add(buildRevoke(team.by(founder), ann.key));
    expect(() => buildInvite(team.by(ann), inviteFor)).toThrow(refusal('NOT_ALLOWED', 'revoked'));
    const again = askToJoin(ann, team.ledger.teamId, 'ann');
    expect(() => buildAdmit(team.by(founder), again, ['writer'])).toThrow(refusal('NOT_ALLOWED', 'for good'));
  });

  it('never revoke the last admin', async () => {
    const team = await teamOfTwo();
    expect(() => buildRevoke(team.by(founder), founder.key)).toThrow(refusal('NOT_ALLOWED', 'last admin'));
    await team.add(buildChange(team.by(founder), ann.key, { name: 'ann', roles: ['admin'] }));
    await team.add(buildRevoke(team.by(ann), founder.key));
    expect(() => buildRevoke(team.by(ann), ann.key)).toThrow(refusal('NOT_ALLOWED', 'last admin'));
  });

  it('refuse an invite with its reason: unknown, expired, used, revoked', async () => {
    const team = await teamOfTwo();
    const request = askToJoin(bob, team.ledger.teamId, 'bob', invite);
    const admit = (nowMs = 2_000) => buildInviteAdmit(team.by(ann, nowMs), request);
    expect(() => admit()).toThrow(refusal('INVITE_REFUSED', 'not known'));
    await team.add(buildInvite(team.by(founder), inviteFor));
    expect(() => admit(9_001)).toThrow(refusal('INVITE_REFUSED', 'expired'));
    await team.add(admit(9_000));
    expect(() => admit()).toThrow(refusal('INVITE_REFUSED', 'used'));
    await team.add(buildRevoke(team.by(founder), invite.key));
    expect(() => admit()).toThrow(refusal('INVITE_REFUSED', 'revoked'));
    const bare = askToJoin(stranger, team.ledger.teamId, 'bob');
    expect(() => buildInviteAdmit(team.by(ann), bare)).toThrow(refusal('INVITE_REFUSED', 'no invite'));
  });

  it('refuse requests that someone else made', async () => {
    const team = await teamOfTwo();
    const request = askToJoin(bob, team.ledger.teamId, 'bob', invite);
    expect(isJoinRequest(request, team.ledger.teamId)).toBe(true);
    for (const forged of [
      { ...request, key: stranger.key },
      { ...request, name: 'ann' },
    ]) {
      expect(isJoinRequest(forged, team.ledger.teamId)).toBe(false);
      const attempt = () => buildAdmit(team.by(founder), forged, ['writer']);
      expect(attempt).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    }
  });

  it('refuse nonsense', async () => {
    const team = await teamOfTwo();
    const by = team.by(founder);
    const attempts = [
      () => foundTeam(founder, { teamName: 'Acme Inc', name: 'a', nowMs: 1 }),
      () => foundTeam(founder, { teamName: 'acme', name: '', nowMs: 1 }),
      () => askToJoin(bob, team.ledger.teamId, 'Bob!'),
      () => buildInvite(by, { ...inviteFor, roles: ['admin'] }),
      () => buildInvite(by, { ...inviteFor, roles: [] }),
      () => buildInvite(by, { ...inviteFor, usesMax: 0 }),
      () => buildInvite(by, { ...inviteFor, expiresAtMs: 2_000 }),
      () => buildInvite(by, { ...inviteFor, label: 'two words' }),
      () => buildRevoke(by, ann.key, -1),
      () => buildPolicy(by, { kind: 'k-of-n', signers: 1 }),
      () => buildChange(by, founder.key, { name: 'founder', roles: ['writer'] }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
    const unknown = () => buildChange(by, stranger.key, { name: 'x', roles: ['writer'] });
    expect(unknown).toThrow(expect.objectContaining({ code: 'UNKNOWN_MEMBER' }));
  });
});
