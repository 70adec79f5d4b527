// Who gave what: the member that answered for an action, and that therefore has the blobs its record names.
import type { Digest } from '../digest.ts';
import { holderHintsMax } from '../limits.ts';
import type { MemberKey } from '../team/identity.ts';

export class HolderHints {
  readonly #holders = new Map<Digest, MemberKey>();

  /** Remembers `member` for these actions and blobs; the oldest are forgotten beyond the bound. */
  note(member: MemberKey, digests: Iterable<Digest>): void {
    for (const digest of digests) {
      this.#holders.delete(digest);
      this.#holders.set(digest, member);
    }
    for (const oldest of this.#holders.keys()) {
      if (this.#holders.size <= holderHintsMax) return;
      this.#holders.delete(oldest);
    }
  }

  /** The member that last gave this action's records, or a record that names this blob. */
  holderOf(digest: Digest): MemberKey | undefined {
    return this.#holders.get(digest);
  }
}
