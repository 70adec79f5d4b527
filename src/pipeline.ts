// START HERE. The one path of every result: key → memory → disk → peers → (the front runs it) → sign → store → announce.
//
// A front (compile/compile-front.ts is the first) makes an action's digest and asks `findHere`, then `findAtPeers`. What it
// gets is trusted, complete and verified, because the caches below are (node/compose.ts stacks them). When there is
// nothing, the front runs the command and hands the result to `keep`. Nothing in here can fail a build: trouble is a miss.
import type { ActionCache } from './actions/action-cache.ts';
import { blobsOf } from './actions/action-result.ts';
import type { Found, NewResult, Results } from './actions/results.ts';
import { type SignedRecord, signRecord } from './actions/signed-record.ts';
import type { Digest } from './digest.ts';
import { memoryBlobSizeBytesMax } from './limits.ts';
import type { Clock } from './platform/clock.ts';
import type { BlobStore } from './store/blob-store.ts';
import type { Identity } from './team/identity.ts';

export interface PipelineParts {
  readonly identity: Identity;
  readonly teamId: () => string;
  readonly clock: Clock;
  /** Trusted records on this machine. */
  readonly actions: ActionCache;
  readonly memory: BlobStore;
  readonly disk: BlobStore;
  /** Trusted records and verified blobs of teammates; both give up at the peer deadline. */
  readonly peerActions: ActionCache;
  readonly peerBlobs: BlobStore;
  readonly announce: (action: Digest) => void;
  /** Something of ours failed and the build went on without it. */
  readonly onFallback: (reason: string, error: unknown) => void;
  readonly onStored: (bytes: number) => void;
  /** A blob was answered without the disk, which is to keep it, too. */
  readonly onUsed?: (digest: Digest) => void;
}

export class Pipeline implements Results {
  readonly #parts: PipelineParts;
  /** Kept, but not yet on disk: found all the same. */
  readonly #pending = new Map<Digest, Found[]>();

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  async findHere(action: Digest): Promise<readonly Found[]> {
    const { actions, memory, disk } = this.#parts;
    const pending = this.#pending.get(action) ?? [];
    try {
      const records = await actions.get(action);
      const found = await Promise.all(
        records.map(async (record): Promise<Found | undefined> => {
          let tier: Found['tier'] = 'memory';
          const blobs = await collect(blobsOf(record.result), async digest => {
            const held = await memory.get(digest);
            if (held !== undefined) {
              this.#parts.onUsed?.(digest);
              return held;
            }
            tier = 'disk';
            const stored = await disk.get(digest);
            if (stored !== undefined) await memory.put(digest, stored);
            return stored;
          });
          return blobs && { record, blobs, tier, member: undefined };
        }),
      );
      return [...pending, ...found.filter(each => each !== undefined)];
    } catch (error) {
      this.#parts.onFallback('store', error);
      return pending;
    }
  }

  async findAtPeers(action: Digest, signal?: AbortSignal): Promise<readonly Found[]> {
    const { peerActions, peerBlobs } = this.#parts;
    const found: Found[] = [];
    try {
      for (const record of await peerActions.get(action, signal)) {
        const blobs = await collect(
          blobsOf(record.result),
          async digest => (await this.#blobHere(digest)) ?? (await peerBlobs.get(digest, signal)),
        );
        if (blobs === undefined) continue;
        found.push({ record, blobs, tier: 'peer', member: record.signer });
        void this.#store(record, blobs);
      }
    } catch (error) {
      this.#parts.onFallback('peers', error);
    }
    return found;
  }

  used(blobs: readonly Digest[]): void {
    for (const digest of blobs) this.#parts.onUsed?.(digest);
  }

  keep(made: NewResult): Promise<void> {
    const { identity, teamId, clock } = this.#parts;
    const { kind, action, result, blobs, origin, durationMs } = made;
    const createdAtMs = clock.nowMs();
    const record = signRecord(identity, {
      teamId: teamId(),
      kind,
      action,
      result,
      origin,
      durationMs,
      createdAtMs,
    });
    return this.#store(record, blobs);
  }

  adopt(record: SignedRecord, blobs: ReadonlyMap<Digest, Uint8Array>): Promise<void> {
    return this.#store(record, blobs);
  }

  async #blobHere(digest: Digest): Promise<Uint8Array | undefined> {
    return (await this.#parts.memory.get(digest)) ?? (await this.#parts.disk.get(digest));
  }

  /** Blobs before the record: a record on disk always finds its blobs there. */
  async #store(record: SignedRecord, blobs: ReadonlyMap<Digest, Uint8Array>): Promise<void> {
    const { actions, memory, disk, announce, onStored, onFallback } = this.#parts;
    const pending: Found = { record, blobs, tier: 'memory', member: undefined };
    this.#pending.set(record.action, [...(this.#pending.get(record.action) ?? []), pending]);
    try {
      // At once, so that the disk syncs them together.
      await Promise.all(
        [...blobs].map(async ([digest, bytes]) => {
          if (bytes.byteLength <= memoryBlobSizeBytesMax) await memory.put(digest, bytes);
          await disk.put(digest, bytes);
          onStored(bytes.byteLength);
        }),
      );
      await actions.put(record);
      announce(record.action);
    } catch (error) {
      onFallback('store', error);
    } finally {
      const rest = (this.#pending.get(record.action) ?? []).filter(each => each !== pending);
      if (rest.length === 0) this.#pending.delete(record.action);
      else this.#pending.set(record.action, rest);
    }
  }
}

/** All blobs, or undefined as soon as one is not to be had. */
async function collect(
  digests: readonly Digest[],
  get: (digest: Digest) => Promise<Uint8Array | undefined>,
): Promise<Map<Digest, Uint8Array> | undefined> {
  const blobs = new Map<Digest, Uint8Array>();
  for (const digest of digests) {
    const bytes = await get(digest);
    if (bytes === undefined) return undefined;
    blobs.set(digest, bytes);
  }
  return blobs;
}
