// What the rest of the daemon sees of the swarm: types only, so that node/compose.ts and the swarm can grow side by side.
import type { ActionCache } from '../../src/actions/action-cache.ts';
import type { Digest } from '../../src/digest.ts';
import type { Peers } from '../../src/peers/peers.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Random } from '../../src/platform/random.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';
import type { Identity, MemberKey } from '../../src/team/identity.ts';
import type { Role } from '../../src/team/keyring.ts';
import type { Ledger } from '../../src/team/ledger.ts';
import type { Statement } from '../../src/team/statement.ts';
import type { FarmHub } from './farm-hub.ts';

/** Addresses are multiaddrs (`/ip4/0.0.0.0/tcp/0`) or `host:port`; port 0 takes any free one. */
export interface SwarmConfig {
  readonly listen: readonly string[];
  /** Members' addresses known beforehand; one suffices to find the rest. */
  readonly bootstrap: readonly string[];
  /** Whether to find and be found on the local network. */
  readonly mdns: boolean;
  /** Where newcomers knock; empty: this machine opens no door. Only admins open one. */
  readonly doorListen: readonly string[];
}

/** Remembers members' addresses over restarts. */
export interface AddressBook {
  load(): Promise<ReadonlyMap<MemberKey, readonly string[]>>;
  save(addresses: ReadonlyMap<MemberKey, readonly string[]>): Promise<void>;
}

export interface SwarmInit {
  readonly identity: Identity;
  /** Already holds the team's founding; its keyring says who is let in. */
  readonly ledger: Ledger;
  /** This machine's own; what teammates ask for is served from here alone, never passed on. */
  readonly actionCache: ActionCache;
  readonly blobStore: BlobStore;
  /** Every action this machine holds records for, newest first: what connecting teammates are told. */
  readonly heldActions: () => Iterable<Digest>;
  readonly addressBook: AddressBook;
  readonly config: SwarmConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: (event: SwarmEvent) => void;
}

export type SwarmEvent =
  | { readonly kind: 'member-connected'; readonly member: MemberKey }
  | { readonly kind: 'member-disconnected'; readonly member: MemberKey }
  /** Something from outside was refused; `reason` is a short stable word for the counters. */
  | { readonly kind: 'refused'; readonly reason: string; readonly peer: string | undefined }
  | { readonly kind: 'newcomer-waiting'; readonly newcomer: WaitingNewcomer }
  /** Something failed that nobody waits for (a dial, a provide); for the log. */
  | { readonly kind: 'trouble'; readonly what: string; readonly error: unknown };

/** Someone at the door whom an admin has yet to admit. */
export interface WaitingNewcomer {
  readonly key: MemberKey;
  readonly name: string;
  /** The words that both screens show. */
  readonly phrase: string;
  readonly sinceMs: number;
}

export interface Swarm {
  readonly peers: Peers;
  readonly farm: FarmHub;
  /** Dialable multiaddrs, the peer id included. */
  listenAddresses(): readonly string[];
  /** Where members can be dialled, peer ids included: this machine first, then teammates, connected ones before others. */
  teamAddresses(): readonly string[];
  /** Where newcomers can knock; empty without a door. */
  doorAddresses(): readonly string[];
  connectedMembers(): readonly MemberKey[];
  waiting(): readonly WaitingNewcomer[];
  /** Signs the newcomer's admission, under the name that it asked for, and hands it the team. Rejects with UNKNOWN_MEMBER
   * where nobody of that key waits. */
  admit(newcomer: MemberKey, roles: readonly Role[]): Promise<Statement>;
  /** Sends the newcomer away; false where nobody of that key waits. */
  refuse(newcomer: MemberKey): boolean;
  stop(): Promise<void>;
}

/** What a newcomer brings home: enough to fold the keyring and to dial its teammates. */
export interface Admission {
  readonly teamId: string;
  readonly teamName: string;
  /** Encoded statements, parents before children. */
  readonly statements: readonly Uint8Array[];
  readonly addresses: ReadonlyMap<MemberKey, readonly string[]>;
}

export interface FoundTeam {
  readonly teamId: string;
  readonly teamName: string;
  /** The name of the member whose door it is. */
  readonly memberName: string;
  /** Where to knock. */
  readonly addresses: readonly string[];
}

export interface JoinInit {
  readonly identity: Identity;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Teams whose door is in reach within `timeoutMs`: over mDNS, or at `address`. One entry per team id. */
export type FindTeams = (options: {
  readonly timeoutMs: number;
  readonly address?: string | undefined;
  readonly mdns: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}) => Promise<FoundTeam[]>;

/** Knocks and waits until admitted; `onPhrase` is called once both sides can show it. Rejects with NOT_ALLOWED when sent
 * away, UNREACHABLE when the door is gone, the signal's reason when aborted. */
export type Knock = (
  team: FoundTeam,
  init: JoinInit & { onPhrase(phrase: string): void },
) => Promise<Admission>;

/** Joins with an invite line through any live member. Rejects with INVITE_REFUSED, UNREACHABLE or BAD_INPUT. */
export type JoinByInvite = (line: string, init: JoinInit & { mdns: boolean }) => Promise<Admission>;
