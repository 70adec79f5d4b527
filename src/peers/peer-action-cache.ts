// Teammates' machines as an action cache: asks only those who say they hold the action, and never longer than the deadline.
import type { ActionCache } from '../actions/action-cache.ts';
import { blobsOf } from '../actions/action-result.ts';
import type { SignedRecord } from '../actions/signed-record.ts';
import type { Digest } from '../digest.ts';
import type { Clock } from '../platform/clock.ts';
import { askInTurn } from './ask-in-turn.ts';
import type { HolderHints } from './holder-hints.ts';
import type { PeerRanking } from './peer-ranking.ts';
import type { Peers } from './peers.ts';
import type { UnclaimedBlobs } from './unclaimed-blobs.ts';

/** What the two peer stores share. */
export interface PeerStoreInit {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly ranking: PeerRanking;
  readonly hints: HolderHints;
  readonly unclaimed: UnclaimedBlobs;
  /** How long one question may take over all members that are asked. */
  readonly deadlineMs: number;
}

/** Holders asked for one action: the first, and a second chance. */
const askedMax = 2;

export class PeerActionCache implements ActionCache {
  readonly #init: PeerStoreInit;

  constructor(init: PeerStoreInit) {
    this.#init = init;
  }

  /** Records with verified signatures from the first holder that has any; empty also when nobody answered in time. */
  async get(action: Digest, signal?: AbortSignal): Promise<readonly SignedRecord[]> {
    const { peers, clock, ranking, hints, unclaimed, deadlineMs } = this.#init;
    const told = await askInTurn({
      members: ranking.best(peers.holdersOf(action)),
      askedMax,
      deadlineMs,
      isHedged: true,
      clock,
      ranking,
      signal,
      ask: async (member, stop) => {
        const reply = await peers.requestRecords(member, action, stop);
        return reply.records.length > 0 ? reply : undefined;
      },
    });
    if (told === undefined) return [];
    const { records, blobs } = told.answer;
    hints.note(told.member, [action, ...records.flatMap(record => blobsOf(record.result))]);
    unclaimed.offer(blobs);
    return records;
  }

  /** Nothing is stored at teammates; they ask when they want it. */
  put(): Promise<void> {
    return Promise.resolve();
  }
}
