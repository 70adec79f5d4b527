// A machine's ed25519 key: it names the member, signs its records and statements, and is its libp2p peer id.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/** An ed25519 public key, 64 lower-case hex characters. */
export type MemberKey = string & { readonly brand: 'MemberKey' };

// RFC 8410: what stands before the 32 raw bytes in PKCS#8 and SPKI.
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export interface Identity {
  readonly key: MemberKey;
  /** The 32-byte seed; goes to the key file and to libp2p, nowhere else. */
  readonly seed: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

export function parseMemberKey(text: unknown): MemberKey | undefined {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? (text as MemberKey) : undefined;
}

export function memberKeyBytes(key: MemberKey): Uint8Array {
  return Buffer.from(key, 'hex');
}

export function generateIdentity(): Identity {
  const der = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return identityFromSeed(der.subarray(pkcs8Prefix.length));
}

/** The identity of a 32-byte seed. */
export function identityFromSeed(seed: Uint8Array): Identity {
  if (seed.byteLength !== 32) throw new TypeError('an ed25519 seed has 32 bytes');
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const key = spki.subarray(spkiPrefix.length).toString('hex') as MemberKey;
  return { key, seed: Uint8Array.from(seed), sign: bytes => Uint8Array.from(sign(null, bytes, privateKey)) };
}

const imported = new Map<MemberKey, KeyObject>();
const importedMax = 1024;

/** Whether `signature` is `key`'s over `bytes`. False for anything malformed; never throws. The hot path: node:crypto. */
export function verifySignature(key: MemberKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    let publicKey = imported.get(key);
    if (publicKey === undefined) {
      const der = Buffer.concat([spkiPrefix, memberKeyBytes(key)]);
      publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
      if (imported.size >= importedMax) imported.clear();
      imported.set(key, publicKey);
    }
    return signature.byteLength === 64 && verify(null, bytes, publicKey, signature);
  } catch {
    return false;
  }
}
