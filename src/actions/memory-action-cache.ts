// Records in memory: the twin that tests and simulations use for any other action cache.
import type { Digest } from '../digest.ts';
import { recordsPerActionMax } from '../limits.ts';
import type { MemberKey } from '../team/identity.ts';
import { compareNewestFirst, type LocalActionCache, type RecordEntry } from './local-action-cache.ts';
import type { SignedRecord } from './signed-record.ts';

export class MemoryActionCache implements LocalActionCache {
  /** By action; newest first. */
  readonly #records = new Map<Digest, readonly SignedRecord[]>();

  async get(action: Digest): Promise<readonly SignedRecord[]> {
    return this.#records.get(action) ?? [];
  }

  async put(record: SignedRecord): Promise<void> {
    const known = this.#records.get(record.action) ?? [];
    const earlier = known.find(each => each.signer === record.signer);
    if (earlier !== undefined && earlier.createdAtMs > record.createdAtMs) return;
    const others = known.filter(each => each !== earlier);
    const records = [record, ...others].sort(compareNewestFirst).slice(0, recordsPerActionMax);
    this.#records.set(record.action, records);
  }

  *entries(): Iterable<RecordEntry> {
    const records = [...this.#records.values()].flat().sort(compareNewestFirst);
    for (const { action, signer, createdAtMs } of records) yield { action, signer, createdAtMs };
  }

  *actions(): Iterable<Digest> {
    yield* new Set([...this.entries()].map(entry => entry.action));
  }

  async deleteBySigner(signer: MemberKey): Promise<number> {
    let count = 0;
    for (const [action, records] of this.#records) {
      const kept = records.filter(record => record.signer !== signer);
      count += records.length - kept.length;
      if (kept.length > 0) this.#records.set(action, kept);
      else this.#records.delete(action);
    }
    return count;
  }
}
