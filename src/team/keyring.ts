// The keyring: who is in the team now and what each may do — the pure fold of the team's signed statements
// (see fold-statements.ts for the rules).
import type { MemberKey } from './identity.ts';

/** In the order in which they are written and shown. */
export const roles = ['reader', 'writer', 'worker', 'ci', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Which records count: any writer's; only those of members with the role `ci`; or a result that `signers` of them agree on. */
export type Policy =
  | { readonly kind: 'any-writer' }
  | { readonly kind: 'ci-only' }
  | { readonly kind: 'k-of-n'; readonly signers: number };

export interface Member {
  readonly key: MemberKey;
  readonly name: string;
  readonly roles: readonly Role[];
  /** Who signed the admission (the member itself for the founder), and when by that machine's clock. */
  readonly admittedBy: MemberKey;
  readonly admittedAtMs: number;
  /** The invite it came with. */
  readonly invite?: MemberKey | undefined;
  readonly isRevoked: boolean;
  /** Of a revoked member: records created before this still count; 0 when none do. */
  readonly revokedSinceMs?: number | undefined;
}

/** A one-time key that lets its holder in without an approval. */
export interface Invite {
  readonly key: MemberKey;
  readonly label?: string | undefined;
  readonly roles: readonly Role[];
  readonly createdBy: MemberKey;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly usesMax: number;
  readonly usesLeft: number;
  /** The invite itself or the admin who made it was revoked. */
  readonly isRevoked: boolean;
}

/** What the rest of the program asks of a keyring. */
export interface Keyring {
  readonly teamId: string;
  readonly teamName: string;
  readonly policy: Policy;
  /** Everyone ever admitted, revoked members included, by admission. */
  readonly members: ReadonlyMap<MemberKey, Member>;
  /** Every invite ever made, by age. */
  readonly invites: ReadonlyMap<MemberKey, Invite>;
  /** Whether the key belongs to a member who is not revoked. */
  isMember(key: MemberKey): boolean;
  /** Whether the key was revoked, as a member or before it ever became one. */
  isRevoked(key: MemberKey): boolean;
  hasRole(key: MemberKey, role: Role): boolean;
  /** Whether a record signed by `key` at `createdAtMs` (signer's clock) counts: a writer, ci or admin (under the policy
   * `ci-only`: ci), not revoked then or since; for what it ran as a farm's job (`made`), a worker too. A k-of-n policy's count
   * is the caller's, over signers that pass here. */
  mayVouch(key: MemberKey, createdAtMs: number, made?: string): boolean;
  /** Whether the invite lets someone in at `nowMs`: known, not expired, not used up, not revoked. */
  isInvite(key: MemberKey, nowMs: number): boolean;
}
