// Where members were last heard of: bounded, kept on disk through the address book, so that a restart finds the team
// without mDNS.
import { addressesPerMemberMax, addressLengthMax } from '../../src/limits.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import { tryAddress, withoutPeerId } from './address.ts';
import type { AddressBook } from './swarm-api.ts';

const saveDelayMs = 1_000;

export class MemberAddresses {
  readonly #book: AddressBook;
  readonly #clock: Clock;
  readonly #onTrouble: (error: unknown) => void;
  #addresses = new Map<MemberKey, string[]>();
  #cancelSave: (() => void) | undefined;

  constructor(book: AddressBook, clock: Clock, onTrouble: (error: unknown) => void) {
    this.#book = book;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  /** Reads what an earlier run remembered; an unreadable book is an empty one. */
  async load(): Promise<void> {
    try {
      for (const [member, addresses] of await this.#book.load()) this.learn(member, addresses);
    } catch (error) {
      this.#onTrouble(error);
    }
  }

  /** Notes addresses, newest first; texts that are none are passed over. Returns whether any was new. */
  learn(member: MemberKey, texts: readonly string[]): boolean {
    const known = this.#addresses.get(member) ?? [];
    const learned = texts.map(plain).filter(text => text !== undefined);
    const isNew = learned.some(text => !known.includes(text));
    if (!isNew) return false;
    const all = [...new Set([...learned, ...known])].slice(0, addressesPerMemberMax);
    this.#addresses.set(member, all);
    this.#cancelSave ??= this.#clock.schedule(saveDelayMs, () => void this.save());
    return true;
  }

  /** The member was reached there: tried first from now on, before addresses that merely might be right. */
  worked(member: MemberKey, text: string): void {
    this.learn(member, [text]);
    const address = plain(text);
    const others = this.of(member).filter(each => each !== address);
    if (address !== undefined) this.#addresses.set(member, [address, ...others]);
  }

  /** Without peer ids, most promising first. */
  of(member: MemberKey): readonly string[] {
    return this.#addresses.get(member) ?? [];
  }

  all(): ReadonlyMap<MemberKey, readonly string[]> {
    return this.#addresses;
  }

  /** Drops everyone that `isKept` does not hold for: the revoked. */
  keepOnly(isKept: (member: MemberKey) => boolean): void {
    this.#addresses = new Map([...this.#addresses].filter(([member]) => isKept(member)));
  }

  /** Writes what is known now; trouble is reported, not thrown. */
  async save(): Promise<void> {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    await this.#book.save(this.#addresses).catch(error => this.#onTrouble(error));
  }
}

/** The address as it is kept, or undefined for texts that are none. */
function plain(text: string): string | undefined {
  const address = text.length <= addressLengthMax ? tryAddress(text) : undefined;
  const result = address === undefined ? undefined : withoutPeerId(address).toString();
  return result?.includes('/tcp/') ? result : undefined;
}
