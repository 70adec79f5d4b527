// Where signed records live, by the action they are about. One action can have several records: one per signer.
import type { Digest } from '../digest.ts';
import type { SignedRecord } from './signed-record.ts';

export interface ActionCache {
  /** The records known for this action, newest first; empty is a miss. */
  get(action: Digest, signal?: AbortSignal): Promise<readonly SignedRecord[]>;
  /** Keeps the record; a newer one of the same signer for the same action takes the older one's place. */
  put(record: SignedRecord): Promise<void>;
}
