// What the commands can ask of the daemon: one operation per line, every value JSON-able. The commands know the daemon by
// these types only. On the wire: POST /<operation> with the request as a JSON body; the answer is one JSON object per line,
// any number of `{"progress":…}` and then one `{"result":…}` or `{"error":…}`.
import type { CacheOperations } from './control-cache.ts';
import type { FarmOperations } from './control-farm.ts';
import type { ErrorCode } from './errors.ts';
import type { StatsSnapshot } from './stats.ts';

/** About the daemon and the team; about what is cached in control-cache.ts, about the farm in control-farm.ts. */
export interface Operations extends CacheOperations, FarmOperations {
  status: { request: Nothing; progress: never; result: DaemonStatus };
  stats: { request: { zero?: boolean }; progress: never; result: StatsSnapshot };
  team: { request: Nothing; progress: never; result: TeamView };
  /** Teams in reach by that name: on the local network, or behind the one address that is given. */
  discover: { request: DiscoverRequest; progress: never; result: { teams: readonly FoundTeam[] } };
  found: { request: { teamName: string; memberName?: string }; progress: never; result: JoinedTeam };
  /** Asks to be let in and waits until an admin admits this machine; ends early when the request is closed. */
  knock: { request: KnockRequest; progress: KnockProgress; result: JoinedTeam };
  joinByInvite: {
    request: { line: string; memberName?: string; timeoutMs?: number };
    progress: never;
    result: JoinedTeam;
  };
  /** Who waits at the door. */
  waiting: { request: Nothing; progress: never; result: { waiting: readonly Newcomer[] } };
  admit: { request: { who: string; roles?: string[] }; progress: never; result: { member: MemberView } };
  invite: {
    request: { expiresMs: number; uses: number; roles?: string[] };
    progress: never;
    result: NewInvite;
  };
  invites: { request: Nothing; progress: never; result: { invites: readonly InviteView[] } };
  revokeInvite: { request: { id: string }; progress: never; result: Nothing };
  revoke: {
    request: { who: string; sinceMs?: number; purge?: boolean };
    progress: never;
    result: RevokeResult;
  };
  stop: { request: Nothing; progress: never; result: { pid: number } };
}

export type Operation = keyof Operations;
export type Nothing = Record<string, never>;

export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  /** What P2PCACHE_HOME named, or null where the XDG folders are used. */
  readonly home: string | null;
  readonly startedAtMs: number;
  readonly member: { readonly name: string; readonly key: string };
  /** Null before `join`: then the cache is this machine's own. */
  readonly team: { readonly id: string; readonly name: string } | null;
  /** Addresses at which teammates reach this daemon; empty without a team. */
  readonly listen: readonly string[];
  /** `host:port` at which newcomers knock, or null. */
  readonly door: string | null;
  /** Teammates connected now. */
  readonly peers: number;
  readonly store: { readonly dir: string; readonly bytes: number; readonly bytesMax: number };
  readonly logFile: string;
}

export interface MemberView {
  readonly name: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly roles: readonly string[];
  readonly isRevoked: boolean;
  readonly isOnline: boolean;
  readonly isSelf: boolean;
}

export interface TeamView {
  readonly id: string;
  readonly name: string;
  readonly members: readonly MemberView[];
  /** Members who wait to be admitted. */
  readonly waiting: number;
}

export interface DiscoverRequest {
  readonly teamName: string;
  /** `host:port` of a member's door, where the local network does not show it. */
  readonly address?: string;
  readonly timeoutMs?: number;
}

export interface FoundTeam {
  readonly id: string;
  readonly name: string;
  /** The member that answered, and where its door is. */
  readonly member: string;
  readonly addresses: readonly string[];
}

export interface KnockRequest {
  readonly team: FoundTeam;
  readonly memberName?: string;
  readonly timeoutMs?: number;
}

/** The phrase that both screens must show. */
export interface KnockProgress {
  readonly phrase: string;
}

export interface JoinedTeam {
  readonly team: { readonly id: string; readonly name: string };
  readonly member: { readonly name: string; readonly key: string; readonly roles: readonly string[] };
}

export interface Newcomer {
  readonly name: string;
  readonly key: string;
  readonly phrase: string;
}

export interface NewInvite extends InviteView {
  /** The line to paste; a secret until it is used or has expired. */
  readonly line: string;
}

export interface InviteView {
  readonly id: string;
  readonly expiresAtMs: number;
  readonly usesLeft: number;
  readonly roles: readonly string[];
}

export interface RevokeResult {
  readonly member: MemberView;
  /** Records deleted by `purge`. */
  readonly purgedRecords: number;
}

/** One line of an answer. */
export type AnswerLine<Op extends Operation> =
  | { readonly progress: Operations[Op]['progress'] }
  | { readonly result: Operations[Op]['result'] }
  | { readonly error: ControlError };

export interface ControlError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** How every invite line starts, and no team's name. */
export const invitePrefix = 'p2pcache-invite-';
