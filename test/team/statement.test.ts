// Statements as bytes: one right spelling, every signature checked.
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/encoding.ts';
import { parseMemberKey } from '../../src/team/identity.ts';
import {
  decodeStatement,
  encodeStatement,
  isInviteProof,
  type Statement,
  type StatementBody,
  signConsent,
  signInviteProof,
  signStatement,
} from '../../src/team/statement.ts';
import { verifyStrictly } from '../../src/team/strict-signature.ts';
import { testIdentity } from '../support/team.ts';

const founder = testIdentity(1);
const newcomer = testIdentity(2);
const invite = testIdentity(3);
const body: StatementBody = { kind: 'found', teamName: 'acme', name: 'desk-1' };
const found = signStatement(founder, { teamId: undefined, parents: [], atMs: 1_000, body });
const teamId = found.id;

function sign(statementBody: StatementBody): Statement {
  return signStatement(founder, { teamId, parents: [teamId], atMs: 2_000, body: statementBody });
}

const consent = signConsent(newcomer, teamId, 'desk-2');
const admit = {
  kind: 'admit',
  member: newcomer.key,
  name: 'desk-2',
  roles: ['writer', 'admin'],
  consent,
} as const;
const proof = signInviteProof(invite, teamId, newcomer.key, 'desk-2');
const ofEachKind: readonly Statement[] = [
  found,
  sign({
    kind: 'invite',
    invite: invite.key,
    roles: ['ci'],
    expiresAtMs: 9_000,
    usesMax: 3,
    label: 'nightly',
  }),
  sign({ kind: 'invite', invite: invite.key, roles: ['reader', 'worker'], expiresAtMs: 9_000, usesMax: 1 }),
  sign(admit),
  sign({ ...admit, proof }),
  sign({ kind: 'change', member: newcomer.key, name: 'desk-3', roles: ['reader'] }),
  sign({ kind: 'revoke', target: newcomer.key }),
  sign({ kind: 'revoke', target: newcomer.key, sinceMs: 5 }),
  sign({ kind: 'policy', policy: { kind: 'ci-only' } }),
  sign({ kind: 'policy', policy: { kind: 'k-of-n', signers: 2 } }),
];

describe('a statement', () => {
  it.each(ofEachKind.map(one => [one.body.kind, one] as const))('round-trips (%s)', (_, statement) => {
    const decoded = decodeStatement(encodeStatement(statement));
    expect(decoded?.body).toEqual(statement.body);
    expect({ ...decoded, bytes: undefined, signature: undefined }).toEqual({
      ...statement,
      bytes: undefined,
      signature: undefined,
    });
  });

  it('is refused with any one bit flipped', () => {
    // Each flip that still decodes costs a verification, so one statement stands for all.
    const encoded = encodeStatement(sign({ ...admit, proof }));
    for (let bit = 0; bit < encoded.byteLength * 8; bit++) {
      const flipped = Uint8Array.from(encoded);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeStatement(flipped), `bit ${bit}`).toBeUndefined();
    }
  });

  it('is refused when cut short or followed by anything', () => {
    const encoded = encodeStatement(found);
    for (let length = 0; length < encoded.byteLength; length++) {
      expect(decodeStatement(encoded.subarray(0, length))).toBeUndefined();
    }
    expect(decodeStatement(Buffer.concat([encoded, Buffer.of(0)]))).toBeUndefined();
  });

  it('is refused in a second spelling, though rightly signed', () => {
    const consentElsewhere = signConsent(newcomer, found.id, 'desk-2');
    const swapped = resign(found.bytes, fields => fields.push('more'));
    const repeated = resign(sign(admit).bytes, fields => {
      (fields[5] as unknown[])[2] = ['admin', 'writer'];
    });
    const twice = resign(sign(admit).bytes, fields => {
      fields[2] = [Buffer.from(teamId, 'hex'), Buffer.from(teamId, 'hex')];
    });
    expect(
      decodeStatement(resign(sign({ ...admit, consent: consentElsewhere }).bytes, () => {})),
    ).toBeDefined();
    expect([swapped, repeated, twice].map(bytes => decodeStatement(bytes))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is refused without a past, and a founding with one', () => {
    expect(
      decodeStatement(encodeStatement(signStatement(founder, { teamId, parents: [], atMs: 1, body: admit }))),
    ).toBeUndefined();
    const late = signStatement(founder, { teamId: undefined, parents: [teamId], atMs: 1, body });
    expect(decodeStatement(encodeStatement(late))).toBeUndefined();
  });

  it('is refused when it makes no sense', () => {
    const invited = {
      kind: 'invite',
      invite: invite.key,
      roles: ['ci'],
      expiresAtMs: 9_000,
      usesMax: 1,
    } as const;
    const nonsense: StatementBody[] = [
      { ...invited, roles: ['admin'] },
      { ...invited, roles: [] },
      { ...invited, usesMax: 0 },
      { ...invited, expiresAtMs: 0.5 },
      { ...admit, name: 'Desk 2' },
      { ...admit, name: '' },
      { kind: 'policy', policy: { kind: 'k-of-n', signers: 1 } },
      { kind: 'revoke', target: newcomer.key, sinceMs: -1 },
    ];
    for (const one of nonsense)
      expect(decodeStatement(encodeStatement(sign(one))), JSON.stringify(one)).toBeUndefined();
  });

  it('that admits is refused unless the newcomer, and the invite, signed for this team, key and name', () => {
    const otherTeam = sign({ kind: 'revoke', target: newcomer.key }).id;
    const wrong: StatementBody[] = [
      { ...admit, consent: signConsent(founder, teamId, 'desk-2') },
      { ...admit, consent: signConsent(newcomer, teamId, 'desk-9') },
      { ...admit, consent: signConsent(newcomer, otherTeam, 'desk-2') },
      { ...admit, proof: signInviteProof(invite, teamId, founder.key, 'desk-2') },
      { ...admit, proof: signInviteProof(invite, otherTeam, newcomer.key, 'desk-2') },
      { ...admit, proof: { ...proof, invite: founder.key } },
    ];
    for (const one of wrong) expect(decodeStatement(encodeStatement(sign(one)))).toBeUndefined();
    expect(isInviteProof(proof, teamId, newcomer.key, 'desk-2')).toBe(true);
  });
});

describe('strict signatures', () => {
  it('take no small-order key, under which one signature fits every message', () => {
    const zeroKey = parseMemberKey('01'.padEnd(64, '0'))!;
    const signature = Buffer.concat([Buffer.from('01'.padEnd(64, '0'), 'hex'), Buffer.alloc(32)]);
    expect(verifyStrictly(zeroKey, Buffer.from('anything'), signature)).toBe(false);
  });

  it('agree with node:crypto on ordinary ones', () => {
    const message = Buffer.from('message');
    const signature = founder.sign(message);
    expect(verifyStrictly(founder.key, message, signature)).toBe(true);
    expect(verifyStrictly(newcomer.key, message, signature)).toBe(false);
    expect(verifyStrictly(founder.key, message, signature.subarray(1))).toBe(false);
  });
});

/** The claim, edited and signed again by the founder. */
function resign(bytes: Uint8Array, edit: (fields: unknown[]) => void): Uint8Array {
  const fields = decode(bytes) as unknown[];
  edit(fields);
  const edited = encode(fields);
  return encode([edited, founder.sign(Buffer.concat([Buffer.from('p2pcache statement 1\0'), edited]))]);
}
