// An action cache that holds its records itself (memory, disk), so that it can also list and purge them.
import type { Digest } from '../digest.ts';
import type { MemberKey } from '../team/identity.ts';
import type { ActionCache } from './action-cache.ts';
import type { SignedRecord } from './signed-record.ts';

/** Which record is held, without its content: what an inventory is made from. */
export interface RecordEntry {
  readonly action: Digest;
  readonly signer: MemberKey;
  readonly createdAtMs: number;
}

export interface LocalActionCache extends ActionCache {
  /** Every record held, newest first. Records put or deleted meanwhile may or may not be among them. */
  entries(): Iterable<RecordEntry>;
  /** Every action with a record, each once, the one with the newest record first. */
  actions(): Iterable<Digest>;
  /** Forgets all records of one signer; resolves with their number. */
  deleteBySigner(signer: MemberKey): Promise<number>;
}

/** Newest first; by signer where two are equally old, so that every machine has the same order. */
export function compareNewestFirst(
  a: Pick<SignedRecord, 'createdAtMs' | 'signer'>,
  b: Pick<SignedRecord, 'createdAtMs' | 'signer'>,
): number {
  return b.createdAtMs - a.createdAtMs || (a.signer < b.signer ? -1 : 1);
}
