// Invite lines: what was pasted is the invite or is refused, never another one.
import { describe, expect, it } from 'vitest';
import { inviteAddressesMax, inviteLineLengthMax } from '../../src/limits.ts';
import {
  decodeInviteLine,
  encodeInviteLine,
  type InviteLine,
  isInviteLine,
} from '../../src/team/invite-line.ts';
import { parseStatementId } from '../../src/team/statement.ts';

const invite: InviteLine = {
  teamId: parseStatementId('ab'.repeat(32))!,
  teamName: 'acme',
  seed: Uint8Array.from({ length: 32 }, (_, index) => index),
  expiresAtMs: 1_800_000_000_000,
  addresses: ['/ip4/10.0.0.7/tcp/4001', '/dns4/desk-1.example/tcp/4001'],
};
const line = encodeInviteLine(invite);
const badInput = expect.objectContaining({ code: 'BAD_INPUT' });

describe('an invite line', () => {
  it('round-trips, also with what a paste adds around and into it', () => {
    expect(decodeInviteLine(line)).toEqual(invite);
    expect(decodeInviteLine(`  ${line.slice(0, 60)}\n  ${line.slice(60)}\r\n`)).toEqual(invite);
    expect(isInviteLine(` ${line}`)).toBe(true);
    expect(line).toMatch(/^p2pcache-invite-1\.[A-Za-z0-9_-]+$/);
  });

  it('is refused when cut anywhere, by any character changed, or with more behind it', () => {
    for (let length = 0; length < line.length; length++) {
      expect(() => decodeInviteLine(line.slice(0, length)), `cut at ${length}`).toThrow(badInput);
    }
    for (let index = 0; index < line.length; index++) {
      const other = line[index] === 'A' ? 'B' : 'A';
      const changed = line.slice(0, index) + other + line.slice(index + 1);
      expect(() => decodeInviteLine(changed), `changed at ${index}`).toThrow(badInput);
    }
    expect(() => decodeInviteLine(`${line}A`)).toThrow(badInput);
    expect(() => decodeInviteLine(`${line}=`)).toThrow(badInput);
  });

  it('says whether it is damaged, from a newer version, or no invite at all', () => {
    expect(() => decodeInviteLine(line.slice(0, 80))).toThrow('damaged or incomplete');
    expect(() => decodeInviteLine(line.replace('invite-1', 'invite-2'))).toThrow('version 2');
    expect(() => decodeInviteLine('acme')).toThrow('not an invite');
    expect(isInviteLine('acme')).toBe(false);
  });

  it('stays bounded', () => {
    const addresses = Array.from({ length: 50 }, (_, index) => `/ip4/10.0.0.${index}/tcp/4001`);
    const long = encodeInviteLine({ ...invite, addresses: ['x'.repeat(1000), ...addresses] });
    expect(decodeInviteLine(long).addresses).toEqual(addresses.slice(0, inviteAddressesMax));
    expect(() => decodeInviteLine(line + 'A'.repeat(3 * inviteLineLengthMax))).toThrow(badInput);
  });
});
