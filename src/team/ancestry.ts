// Who had seen what: the statements of a ledger in one order that every machine agrees on, with fast answers to
// "had the author of this one seen that one?".
import type { Statement, StatementId } from './statement.ts';

/** A set of small numbers: places in the order, or marks. */
type Bits = Uint32Array;

export class Ancestry {
  /** Parents before children; by depth (the longest way to the founding), then id: the order of any two statements never
   * changes when others arrive. Statements with a missing ancestor are left out. */
  readonly order: readonly Statement[];
  readonly #places: ReadonlyMap<StatementId, number>;
  readonly #marks = new Map<StatementId, number>();
  /** The marks that each author had seen; one array for all statements that saw the same, so a long chain is cheap. */
  readonly #seen = new Map<StatementId, Bits>();
  readonly #pasts = new Map<StatementId, Bits>();

  /** `isMarked`: the statements that `hasSeen` will be asked about; the fewer, the less memory. */
  constructor(statements: Iterable<Statement>, isMarked: (statement: Statement) => boolean) {
    this.order = inOrder(new Map([...statements].map(statement => [statement.id, statement])));
    this.#places = new Map(this.order.map(({ id }, place) => [id, place]));
    for (const statement of this.order)
      if (isMarked(statement)) this.#marks.set(statement.id, this.#marks.size);
    for (const statement of this.order) this.#seen.set(statement.id, this.#seenBy(statement));
  }

  /** Whether the marked statement `past` is an ancestor of `statement`. */
  hasSeen(statement: Statement, past: Statement): boolean {
    const mark = this.#marks.get(past.id);
    const seen = this.#seen.get(statement.id);
    return mark !== undefined && seen !== undefined && hasBit(seen, mark);
  }

  /** Whether `past`, marked or not, is an ancestor of `statement`: walks its past once and keeps it, for revocations. */
  isInPastOf(statement: Statement, past: Statement): boolean {
    let bits = this.#pasts.get(statement.id);
    if (bits === undefined) {
      bits = this.#walk(statement);
      this.#pasts.set(statement.id, bits);
    }
    return hasBit(bits, this.#places.get(past.id) ?? -1);
  }

  #walk(statement: Statement): Bits {
    const bits = new Uint32Array((this.order.length >> 5) + 1);
    const stack = [...statement.parents];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      const place = this.#places.get(id)!;
      if (hasBit(bits, place)) continue;
      setBit(bits, place);
      stack.push(...this.order[place]!.parents);
    }
    return bits;
  }

  #seenBy(statement: Statement): Bits {
    const [only, ...others] = statement.parents;
    if (only === undefined) return new Uint32Array(0);
    const first = this.#seen.get(only)!;
    const mark = this.#marks.get(only);
    if (others.length === 0 && mark === undefined) return first;
    const parents = statement.parents.map(id => ({
      seen: this.#seen.get(id)!,
      mark: this.#marks.get(id) ?? -1,
    }));
    const words = Math.max(...parents.map(parent => Math.max(parent.seen.length, (parent.mark >> 5) + 1)));
    const union = new Uint32Array(words);
    for (const parent of parents) {
      for (const [word, bits] of parent.seen.entries()) union[word]! |= bits;
      if (parent.mark >= 0) setBit(union, parent.mark);
    }
    return union;
  }
}

function hasBit(bits: Bits, place: number): boolean {
  return place >= 0 && ((bits[place >> 5] ?? 0) & (1 << (place & 31))) !== 0;
}

function setBit(bits: Bits, place: number): void {
  bits[place >> 5]! |= 1 << (place & 31);
}

function inOrder(byId: ReadonlyMap<StatementId, Statement>): Statement[] {
  const depths = depthsOf(byId);
  const known = [...byId.values()].filter(({ id }) => depths.get(id) !== undefined);
  return known.sort((a, b) => depths.get(a.id)! - depths.get(b.id)! || (a.id < b.id ? -1 : 1));
}

/** How far each statement is from its founding; without an entry for those whose past is incomplete. */
function depthsOf(byId: ReadonlyMap<StatementId, Statement>): Map<StatementId, number> {
  const depths = new Map<StatementId, number>();
  const waiting = new Map<StatementId, number>();
  const children = new Map<StatementId, Statement[]>();
  const ready: Statement[] = [];
  for (const statement of byId.values()) {
    waiting.set(statement.id, statement.parents.length);
    if (statement.parents.length === 0) ready.push(statement);
    for (const parent of statement.parents) {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [statement]);
      else siblings.push(statement);
    }
  }
  for (let statement = ready.pop(); statement !== undefined; statement = ready.pop()) {
    const parentDepths = statement.parents.map(parent => depths.get(parent)!);
    depths.set(statement.id, parentDepths.length === 0 ? 0 : 1 + Math.max(...parentDepths));
    for (const child of children.get(statement.id) ?? []) {
      const left = waiting.get(child.id)! - 1;
      waiting.set(child.id, left);
      if (left === 0) ready.push(child);
    }
  }
  return depths;
}
