// Keys and signatures of single machines.
import { describe, expect, it } from 'vitest';
import {
  generateIdentity,
  identityFromSeed,
  memberKeyBytes,
  parseMemberKey,
  verifySignature,
} from '../../src/team/identity.ts';

const message = Buffer.from('message');

describe('an identity', () => {
  it('is its seed: RFC 8032, 7.1, test 1', () => {
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const identity = identityFromSeed(Buffer.from(seed, 'hex'));
    expect(identity.key).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    expect(Buffer.from(identity.sign(Buffer.alloc(0))).toString('hex')).toMatch(
      /^e5564300c360ac729086e2cc806e828a/,
    );
    expect(identityFromSeed(identity.seed).key).toBe(identity.key);
  });

  it('is another one each time it is generated', () => {
    expect(generateIdentity().key).not.toBe(generateIdentity().key);
  });

  it('has signatures that hold for its key and message alone', () => {
    const [one, other] = [generateIdentity(), generateIdentity()];
    const signature = one.sign(message);
    expect(verifySignature(one.key, message, signature)).toBe(true);
    expect(verifySignature(other.key, message, signature)).toBe(false);
    expect(verifySignature(one.key, Buffer.from('massage'), signature)).toBe(false);
    for (let bit = 0; bit < 512; bit++) {
      const flipped = Uint8Array.from(signature);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifySignature(one.key, message, flipped)).toBe(false);
    }
  });

  it('never throws on malformed keys and signatures', () => {
    const { key, sign } = generateIdentity();
    expect(verifySignature(key, message, sign(message).subarray(1))).toBe(false);
    expect(verifySignature('ff' as typeof key, message, sign(message))).toBe(false);
    expect(verifySignature('f'.repeat(64) as typeof key, message, sign(message))).toBe(false);
  });

  it('has a key that parses only in its one spelling', () => {
    const { key } = generateIdentity();
    expect(parseMemberKey(Buffer.from(memberKeyBytes(key)).toString('hex'))).toBe(key);
    for (const text of [`${key}0`, key.slice(1), `A${key.slice(1)}`, `${key}\n`, '', 5, undefined]) {
      expect(parseMemberKey(text)).toBeUndefined();
    }
    expect(() => identityFromSeed(Buffer.alloc(31))).toThrow(TypeError);
  });
});
