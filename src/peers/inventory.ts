// What each connected teammate says it holds. Answers in well under a microsecond per teammate, without a packet.
import { type Digest, digestHash } from '../digest.ts';
import { inventoryKeysPerPeerMax } from '../limits.ts';
import { inventoryKeyBytes } from '../protocol/inventory.ts';
import type { MemberKey } from '../team/identity.ts';
import { KeySet } from './key-set.ts';

export class Inventory {
  readonly #held = new Map<MemberKey, KeySet>();

  /** Adds packed keys (see protocol/inventory.ts) to what `member` holds; beyond the bound they are ignored, so that its
   * older results stay findable. */
  add(member: MemberKey, keys: Uint8Array): void {
    const held = this.#held.get(member) ?? new KeySet();
    this.#held.set(member, held);
    const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
    for (let at = 0; at + inventoryKeyBytes <= keys.byteLength; at += inventoryKeyBytes) {
      if (held.size >= inventoryKeysPerPeerMax) return;
      held.add(view.getUint32(at), view.getUint32(at + 4));
    }
  }

  /** Forgets all that this member said: it left, or starts over. */
  forget(member: MemberKey): void {
    this.#held.delete(member);
  }

  /** Members who may hold records for the action. */
  holdersOf(action: Digest): MemberKey[] {
    const hash = digestHash(action);
    const high = Number.parseInt(hash.slice(0, 8), 16);
    const low = Number.parseInt(hash.slice(8, 16), 16);
    const holders: MemberKey[] = [];
    for (const [member, held] of this.#held) if (held.has(high, low)) holders.push(member);
    return holders;
  }

  /** How many keys are remembered of this member. */
  sizeOf(member: MemberKey): number {
    return this.#held.get(member)?.size ?? 0;
  }
}
