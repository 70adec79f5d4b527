// What the farm asks of the network: teammates' offers, and having one of them run a job. node/libp2p is the real one.
import type { Digest } from '../digest.ts';
import type { JobOutcome, JobRequest, Offer, Preparation } from '../protocol/farm.ts';
import type { MemberKey } from '../team/identity.ts';

export interface OfferingWorker {
  readonly member: MemberKey;
  readonly offer: Offer;
  /** Another number after every break in the connection: the worker then knows nothing of us any more. */
  readonly session: number;
}

/** What a worker may ask or tell before its outcome. */
export interface JobQuestions {
  bytesOf(digest: Digest): Uint8Array | undefined;
  /** The job does not wait any more. */
  started(): void;
}

export interface FarmNetwork {
  /** Connected members that lend slots. */
  workers(): readonly OfferingWorker[];
  /** Has the member run the job. Rejects when the connection breaks, when the worker falls
   * silent, or with the signal's reason; the worker is then told, if it can be. */
  run(member: MemberKey, request: JobRequest, asked: JobQuestions, signal: AbortSignal): Promise<JobOutcome>;
  /** Tells the member of a toolchain that jobs of ours will need; nothing is heard of it. */
  prepare(member: MemberKey, preparation: Preparation, asked: Pick<JobQuestions, 'bytesOf'>): void;
  /** Calls back whenever the offers change; the returned function ends it. */
  onChange(callback: () => void): () => void;
}

export const nobodyOffers: FarmNetwork = {
  workers: () => [],
  run: () => Promise.reject(new Error('nobody is there')),
  prepare: () => {},
  onChange: () => () => {},
};
