// Names, and how people point at members.
import { describe, expect, it } from 'vitest';
import { buildRevoke } from '../../src/team/build-statement.ts';
import { isName, nameFromHost, requireName, resolveMember } from '../../src/team/member-name.ts';
import { fingerprint } from '../../src/team/phrase.ts';
import { TestTeam, testIdentity } from '../support/team.ts';

describe('a name', () => {
  it.each(['a', '0', 'desk-2', 'ci.linux_x64', 'a'.repeat(40)])('can be %j', name => {
    expect(isName(name)).toBe(true);
    expect(requireName(name, 'member')).toBe(name);
  });

  it.each(['', '-a', '.a', 'A', 'a b', 'ä', 'a\n', 'a/b', 'a'.repeat(41), '\u001b[31m'])(
    'cannot be %j',
    name => {
      expect(isName(name)).toBe(false);
      expect(() => requireName(name, 'member')).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
    },
  );

  it.each([
    ['Anns-MacBook.local', 'anns-macbook'],
    ['-odd host!', 'odd-host-'],
    ['ÄÖ', 'machine'],
    ['x'.repeat(60), 'x'.repeat(40)],
  ])('is made from the host %j', (host, name) => {
    expect(nameFromHost(host)).toBe(name);
    expect(isName(nameFromHost(host))).toBe(true);
  });
});

describe('pointing at a member', async () => {
  const founder = testIdentity(1);
  const [ann, twin, gone] = [testIdentity(2), testIdentity(3), testIdentity(4)];
  const team = await TestTeam.found(founder);
  await team.admit(founder, ann, 'ann');
  await team.admit(founder, twin, 'twin');
  await team.admit(founder, gone, 'twin');
  const resolve = (text: string) => resolveMember(team.ledger.keyring(), text).key;

  it('goes by name, by the start of the key, and by fingerprint', () => {
    expect(resolve('ann')).toBe(ann.key);
    expect(resolve(ann.key)).toBe(ann.key);
    expect(resolve(ann.key.slice(0, 8))).toBe(ann.key);
    expect(resolve(fingerprint(ann.key))).toBe(ann.key);
  });

  it('says who there is when nobody fits', () => {
    for (const text of ['bob', '', 'an', ann.key.slice(0, 3), 'f'.repeat(64)]) {
      expect(() => resolve(text)).toThrow(
        expect.objectContaining({ code: 'UNKNOWN_MEMBER', hint: expect.stringContaining('ann (') }),
      );
    }
  });

  it('asks which when several fit, and prefers who is still in', async () => {
    const hint = expect.stringContaining(fingerprint(gone.key));
    expect(() => resolve('twin')).toThrow(expect.objectContaining({ code: 'AMBIGUOUS', hint }));
    await team.add(buildRevoke(team.by(founder), gone.key));
    expect(resolve('twin')).toBe(twin.key);
    expect(resolve(gone.key)).toBe(gone.key);
  });
});
