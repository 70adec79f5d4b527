// The keyring: who is in the team now and what each may do — the pure fold of the team's signed statements.
import type { MemberKey } from './identity.ts';

export type Role = 'reader' | 'writer' | 'worker' | 'ci' | 'admin';

export interface Member {
  readonly key: MemberKey;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly isRevoked: boolean;
}

/** What the rest of the program asks of a keyring (the fold itself: `foldStatements`). */
export interface Keyring {
  readonly teamId: string;
  readonly teamName: string;
  readonly members: ReadonlyMap<MemberKey, Member>;
  /** Whether the key belongs to a member who is not revoked. */
  isMember(key: MemberKey): boolean;
  hasRole(key: MemberKey, role: Role): boolean;
  /** Whether a record signed by `key` at `createdAtMs` (signer's clock) counts: a writer, ci or admin, not revoked then or since. */
  mayVouch(key: MemberKey, createdAtMs: number): boolean;
}
