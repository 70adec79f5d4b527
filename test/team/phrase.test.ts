// The phrase on both screens: the same for the same two machines, another one as soon as anything differs.
import { describe, expect, it } from 'vitest';
import {
  commitToNonce,
  fingerprint,
  isCommitted,
  joinPhrase,
  phraseNonceBytes,
} from '../../src/team/phrase.ts';
import { phraseWords } from '../../src/team/phrase-words.ts';
import { parseStatementId } from '../../src/team/statement.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { testIdentity } from '../support/team.ts';

const random = new SeededRandom(1);
const parts = {
  teamId: parseStatementId('ab'.repeat(32))!,
  newcomer: testIdentity(1).key,
  newcomerNonce: random.bytes(phraseNonceBytes),
  member: testIdentity(2).key,
  memberNonce: random.bytes(phraseNonceBytes),
};

describe('the words', () => {
  it('are 256 different ones that are easy to read out', () => {
    expect(phraseWords).toHaveLength(256);
    expect(new Set(phraseWords).size).toBe(256);
    expect(phraseWords.every(word => /^[a-z]{3,8}$/.test(word))).toBe(true);
  });
});

describe('the phrase', () => {
  it('is four words, and stays the same between versions', () => {
    expect(joinPhrase(parts)).toMatch(/^[a-z]+(-[a-z]+){3}$/);
    expect(joinPhrase(parts)).toBe(joinPhrase({ ...parts }));
    expect(joinPhrase(parts)).toMatchInlineSnapshot(`"cedar-sunset-insect-noodle"`);
  });

  it('differs with the team, either key and either nonce, and with the sides swapped', () => {
    const others = [
      { ...parts, teamId: parseStatementId('cd'.repeat(32))! },
      { ...parts, newcomer: testIdentity(3).key },
      { ...parts, member: testIdentity(3).key },
      { ...parts, newcomerNonce: random.bytes(phraseNonceBytes) },
      { ...parts, memberNonce: random.bytes(phraseNonceBytes) },
      { ...parts, newcomer: parts.member, member: parts.newcomer },
    ];
    expect(new Set([parts, ...others].map(joinPhrase)).size).toBe(7);
  });

  it('spreads over the words', () => {
    const words = Array.from({ length: 200 }, () =>
      joinPhrase({ ...parts, memberNonce: random.bytes(32) }).split('-'),
    );
    expect(new Set(words.flat()).size).toBeGreaterThan(200);
  });
});

describe('the commitment', () => {
  const { teamId, newcomer, newcomerNonce } = parts;
  const commitment = commitToNonce(teamId, newcomer, newcomerNonce);

  it('holds for its own nonce, team and key only', () => {
    expect(isCommitted(commitment, teamId, newcomer, newcomerNonce)).toBe(true);
    expect(isCommitted(commitment, teamId, newcomer, random.bytes(phraseNonceBytes))).toBe(false);
    expect(isCommitted(commitment, teamId, parts.member, newcomerNonce)).toBe(false);
    expect(isCommitted(commitment, parseStatementId('cd'.repeat(32))!, newcomer, newcomerNonce)).toBe(false);
  });

  it('takes no short nonce and no short commitment', () => {
    const short = random.bytes(4);
    expect(isCommitted(commitToNonce(teamId, newcomer, short), teamId, newcomer, short)).toBe(false);
    expect(isCommitted(commitment.subarray(0, 4), teamId, newcomer, newcomerNonce)).toBe(false);
  });
});

describe('the fingerprint', () => {
  it('is the start of the key in groups', () => {
    expect(fingerprint(parts.newcomer).replaceAll('-', '')).toBe(parts.newcomer.slice(0, 16));
    expect(fingerprint(parts.newcomer)).toMatch(/^([0-9a-f]{4}-){3}[0-9a-f]{4}$/);
  });
});
