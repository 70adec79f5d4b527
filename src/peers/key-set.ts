// A compact set of 8-byte keys: one teammate's inventory in 16 bytes a key at worst, where a JavaScript Set takes 60.

const slotsMin = 1024;

export class KeySet {
  // Open addressing with linear probing; a slot is two words, and (0, 0) is an empty one.
  #slots = new Uint32Array(2 * slotsMin);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds the key of these two words; the key 0 is not told from an empty slot and is never held. */
  add(high: number, low: number): void {
    if (4 * (this.#size + 1) > this.#slots.length) this.#grow();
    const index = this.#find(high, low);
    if (this.#slots[index] !== 0 || this.#slots[index + 1] !== 0 || (high === 0 && low === 0)) return;
    this.#slots[index] = high;
    this.#slots[index + 1] = low;
    this.#size += 1;
  }

  has(high: number, low: number): boolean {
    const index = this.#find(high, low);
    return this.#slots[index] !== 0 || this.#slots[index + 1] !== 0;
  }

  /** Where the key is, or the empty slot where it would go. */
  #find(high: number, low: number): number {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    // Keys are pieces of hashes, so their own bits spread well; a teammate who crafts them slows only its own answers.
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const index = 2 * slot;
      const isHere = slots[index] === high && slots[index + 1] === low;
      if (isHere || (slots[index] === 0 && slots[index + 1] === 0)) return index;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let index = 0; index < old.length; index += 2) {
      const high = old[index]!;
      const low = old[index + 1]!;
      if (high === 0 && low === 0) continue;
      const place = this.#find(high, low);
      this.#slots[place] = high;
      this.#slots[place + 1] = low;
    }
  }
}
