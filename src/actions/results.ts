// What a front (compiles, tasks, build tools' caches) asks of the pipeline: find a result, keep a result.
import type { Digest } from '../digest.ts';
import type { MemberKey } from '../team/identity.ts';
import type { ActionResult } from './action-result.ts';
import type { Origin, RecordKind, SignedRecord } from './signed-record.ts';

export interface Found {
  readonly record: SignedRecord;
  /** Every blob that the result names. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  readonly tier: 'memory' | 'disk' | 'peer';
  /** For `peer`: who signed it. */
  readonly member: MemberKey | undefined;
}

export interface NewResult {
  readonly kind: RecordKind;
  readonly action: Digest;
  readonly result: ActionResult;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  readonly origin: Origin;
  readonly durationMs: number;
}

export interface Results {
  /** Everything trusted that this machine holds for the action and whose blobs are all at hand; empty is a miss. */
  findHere(action: Digest): Promise<readonly Found[]>;
  /** The same at teammates, within the person's peer deadline; never rejects: trouble is a miss that is counted. */
  findAtPeers(action: Digest, signal?: AbortSignal): Promise<readonly Found[]>;
  /** These blobs were of use once more: they are kept longer than what was not. */
  used(blobs: readonly Digest[]): void;
  /** Signs, keeps and announces the result. It can be found as soon as this returns; resolves once it is on disk. */
  keep(result: NewResult): Promise<void>;
  /** Keeps and announces a record that a teammate signed, with every blob that it names; as `keep` otherwise. */
  adopt(record: SignedRecord, blobs: ReadonlyMap<Digest, Uint8Array>): Promise<void>;
}
