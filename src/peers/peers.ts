// What the rest of the program asks of teammates' machines; node/libp2p is the real one, a memory twin serves tests.
import type { SignedRecord } from '../actions/signed-record.ts';
import type { Digest } from '../digest.ts';
import type { MemberKey } from '../team/identity.ts';

export interface Peers {
  /** Connected teammates whose inventory may hold this action's records, in no order (peer-ranking.ts has
   * one). No packet is sent: microseconds. */
  holdersOf(action: Digest): readonly MemberKey[];
  /** Connected teammates, in no order: whom to ask for a blob whose holder is not known. */
  connected(): readonly MemberKey[];
  /** The member's records for the action with verified signatures (trust is the caller's question), and the blobs that the
   * member sent along unasked. Rejects on no answer. */
  requestRecords(member: MemberKey, action: Digest, signal: AbortSignal): Promise<RecordsReply>;
  /** The blob, verified against its digest, or undefined where the member does not have it. Rejects on no answer. */
  requestBlob(member: MemberKey, digest: Digest, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Tells connected teammates, and those who connect later, that this machine now holds records for these actions. */
  announce(actions: readonly Digest[]): void;
}

export interface RecordsReply {
  readonly records: readonly SignedRecord[];
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}
