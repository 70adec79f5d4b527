// The short phrase that both screens show while a machine joins over the LAN. Equal phrases mean that nobody sits between:
// the phrase depends on both keys, so a go-between shows two different ones.
//
// Four words are 32 bits, enough only because nobody can search for a match: the newcomer commits to its nonce before it
// sees the member's (commitment → member's nonce → newcomer's nonce), so each attempt is one blind guess in four billion,
// and each takes a person's approval.
import { digestHash, digestOf } from '../digest.ts';
import { encode } from '../encoding.ts';
import { type MemberKey, memberKeyBytes } from './identity.ts';
import { phraseWords } from './phrase-words.ts';
import type { StatementId } from './statement.ts';

/** Bytes of each side's nonce. */
export const phraseNonceBytes = 32;

const commitmentDomain = 'p2pcache phrase commitment 1';
const phraseDomain = 'p2pcache phrase 1';
const wordCount = 4;

export interface PhraseParts {
  readonly teamId: StatementId;
  readonly newcomer: MemberKey;
  readonly newcomerNonce: Uint8Array;
  readonly member: MemberKey;
  readonly memberNonce: Uint8Array;
}

/** What the newcomer sends first, 32 bytes: it binds the nonce without showing it. */
export function commitToNonce(teamId: StatementId, newcomer: MemberKey, nonce: Uint8Array): Uint8Array {
  return hash([commitmentDomain, Buffer.from(teamId, 'hex'), memberKeyBytes(newcomer), nonce]);
}

/** The member's check once the nonce is shown; the phrase must not be displayed where it fails. */
export function isCommitted(
  commitment: Uint8Array,
  teamId: StatementId,
  newcomer: MemberKey,
  nonce: Uint8Array,
): boolean {
  return (
    nonce.byteLength === phraseNonceBytes &&
    Buffer.from(commitToNonce(teamId, newcomer, nonce)).equals(commitment)
  );
}

/** Four words, joined by hyphens, the same on both screens. */
export function joinPhrase({ teamId, newcomer, newcomerNonce, member, memberNonce }: PhraseParts): string {
  const keys = [memberKeyBytes(newcomer), memberKeyBytes(member)];
  const bytes = hash([phraseDomain, Buffer.from(teamId, 'hex'), ...keys, newcomerNonce, memberNonce]);
  return [...bytes.subarray(0, wordCount)].map(byte => phraseWords[byte]).join('-');
}

/** A key as people compare it at a glance: its first 16 characters in groups of four. Also accepted to name a member. */
export function fingerprint(key: MemberKey): string {
  return key.slice(0, 16).match(/.{4}/g)!.join('-');
}

function hash(parts: readonly unknown[]): Uint8Array {
  return Buffer.from(digestHash(digestOf(encode(parts))), 'hex');
}
