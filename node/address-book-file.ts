// Where teammates were last reached, kept over restarts: one known address suffices to find the rest.
import type { MemberKey } from '../src/team/identity.ts';
import { parseMemberKey } from '../src/team/identity.ts';
import type { AddressBook } from './libp2p/swarm-api.ts';
import { readKept, writeKept } from './system/kept-file.ts';

export class AddressBookFile implements AddressBook {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<ReadonlyMap<MemberKey, readonly string[]>> {
    const addresses = new Map<MemberKey, readonly string[]>();
    for (const [text, list] of Object.entries((await readKept(this.#path)) ?? {})) {
      const key = parseMemberKey(text);
      if (key === undefined || !Array.isArray(list)) continue;
      addresses.set(
        key,
        list.filter(address => typeof address === 'string'),
      );
    }
    return addresses;
  }

  save(addresses: ReadonlyMap<MemberKey, readonly string[]>): Promise<void> {
    return writeKept(this.#path, Object.fromEntries(addresses));
  }
}
