// Where a ledger's statements are kept: append-only, so that nothing acknowledged is ever rewritten.

export interface LedgerStore {
  /** Every entry appended so far, in order. */
  load(): Promise<Uint8Array[]>;
  /** Resolves once the entries survive a power cut; all of them or, after a crash, a leading part. */
  append(entries: readonly Uint8Array[]): Promise<void>;
}

/** The twin for tests and simulations. */
export class MemoryLedgerStore implements LedgerStore {
  readonly #entries: Uint8Array[] = [];

  load(): Promise<Uint8Array[]> {
    return Promise.resolve([...this.#entries]);
  }

  append(entries: readonly Uint8Array[]): Promise<void> {
    this.#entries.push(...entries);
    return Promise.resolve();
  }
}
