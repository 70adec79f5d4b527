// Teammates' machines as a blob store: first what came along with records, then the member who gave the record, then others.
import { type Digest, digestSizeBytes } from '../digest.ts';
import { hedgedBlobSizeBytesMax } from '../limits.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { MemberKey } from '../team/identity.ts';
import { askInTurn } from './ask-in-turn.ts';
import type { PeerStoreInit } from './peer-action-cache.ts';

/** Members asked for one blob: who gave the record, and two more that may have it too. */
const askedMax = 3;
/** Slower than this a transfer is not worth waiting for: large blobs get a later deadline by their size. */
const transferBytesPerMsMin = 8 * 1024;

export class PeerBlobStore implements BlobStore {
  readonly #init: PeerStoreInit;

  constructor(init: PeerStoreInit) {
    this.#init = init;
  }

  /** The blob with verified bytes, or undefined where nobody asked has it or answers in time. */
  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const { peers, clock, ranking, hints, unclaimed, deadlineMs } = this.#init;
    const waiting = unclaimed.take(digest);
    if (waiting !== undefined) return waiting;
    const sizeBytes = digestSizeBytes(digest);
    const told = await askInTurn({
      members: this.#candidates(digest),
      askedMax,
      deadlineMs: deadlineMs + sizeBytes / transferBytesPerMsMin,
      isHedged: sizeBytes <= hedgedBlobSizeBytesMax,
      clock,
      ranking,
      signal,
      ask: (member, stop) => peers.requestBlob(member, digest, stop),
    });
    if (told !== undefined) hints.note(told.member, [digest]);
    return told?.answer;
  }

  put(): Promise<void> {
    return Promise.resolve();
  }

  /** What cannot be had by `get` without asking: a blob counts as here if it came along, or its giver is connected and
   * answering. Whether that member really still has it shows when it is fetched. */
  findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    const { hints, unclaimed } = this.#init;
    const reachable = new Set(this.#connected());
    const isMissing = (digest: Digest) => {
      const holder = hints.holderOf(digest);
      return !unclaimed.has(digest) && (holder === undefined || !reachable.has(holder));
    };
    return Promise.resolve(digests.filter(isMissing));
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  #candidates(digest: Digest): MemberKey[] {
    const connected = this.#connected();
    const giver = this.#init.hints.holderOf(digest);
    if (giver === undefined || !connected.includes(giver)) return connected;
    return [giver, ...connected.filter(member => member !== giver)];
  }

  #connected(): MemberKey[] {
    return this.#init.ranking.best(this.#init.peers.connected());
  }
}
