// The ledger: the team's statements as one machine knows them, a set that only grows and that merges without coordination.
// Two machines exchange heads, then send each other what lies beyond; the keyring is folded from whatever is here.
import { CodedError } from '../errors.ts';
import { pendingStatementsMax, statementsMax } from '../limits.ts';
import { foldStatements } from './fold-statements.ts';
import type { Keyring } from './keyring.ts';
import type { LedgerStore } from './ledger-store.ts';
import { decodeStatement, encodeStatement, type Statement, type StatementId } from './statement.ts';

export interface AddReport {
  /** What is new here, parents before children; includes earlier pending ones whose parents arrived. */
  readonly added: readonly Statement[];
  /** How many were here already, wait for their parents, or were refused (malformed, forged, another team's, no room). */
  readonly known: number;
  readonly pending: number;
  readonly refused: number;
}

export class Ledger {
  readonly teamId: StatementId;
  readonly #store: LedgerStore;
  readonly #statements = new Map<StatementId, Statement>();
  readonly #heads = new Set<StatementId>();
  readonly #pending = new Map<StatementId, Statement>();
  readonly #listeners = new Set<(keyring: Keyring) => void>();
  #keyring: Keyring | undefined;
  /** Adding is serialised, so that the disk has parents before children and a statement shows only once it is durable. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(teamId: StatementId, store: LedgerStore) {
    this.teamId = teamId;
    this.#store = store;
  }

  /** The ledger that `store` holds, for this team; empty where it holds none. STORAGE errors are the store's. */
  static async open(teamId: StatementId, store: LedgerStore): Promise<Ledger> {
    const ledger = new Ledger(teamId, store);
    for (const entry of await store.load()) {
      const statement = decodeStatement(entry, { isVerified: true });
      if (statement?.teamId === teamId && ledger.#hasParents(statement)) ledger.#insert(statement);
    }
    return ledger;
  }

  get size(): number {
    return this.#statements.size;
  }

  has(id: StatementId): boolean {
    return this.#statements.has(id);
  }

  /** The newest statements: those that no other names as a parent, sorted. */
  heads(): StatementId[] {
    return [...this.#heads].sort();
  }

  /** The keyring of everything here; NOT_IN_TEAM while the founding statement is missing. */
  keyring(): Keyring {
    this.#keyring ??= foldStatements(this.#statements.values(), this.teamId);
    if (this.#keyring !== undefined) return this.#keyring;
    throw new CodedError('NOT_IN_TEAM', 'the team is not known here yet', {
      hint: 'type: p2pcache join <team>',
    });
  }

  /** Calls back with the new keyring after statements were added; the returned function ends it. */
  onChange(listener: (keyring: Keyring) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Verifies and keeps encoded statements from anyone, in any order. Never rejects because of what they say; rejects with
   * the store's STORAGE error. Verifying costs about 1 ms a statement: hand over a few hundred at a time. */
  add(encoded: readonly Uint8Array[]): Promise<AddReport> {
    const turn = this.#turn.then(() => this.#add(encoded));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Keeps a statement of our own making (build-statement.ts). */
  async addOwn(statement: Statement): Promise<void> {
    const report = await this.add([encodeStatement(statement)]);
    if (report.added.length + report.known === 1) return;
    throw new CodedError('INTERNAL', `our own ${statement.body.kind} statement was not accepted`);
  }

  /** What someone with these heads lacks, encoded, parents before children. Heads unknown here are passed over: whoever
   * has them sends them. */
  missing(theirHeads: readonly StatementId[]): Uint8Array[] {
    const theirs = new Set<StatementId>();
    const stack = theirHeads.filter(id => this.#statements.has(id));
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (theirs.has(id)) continue;
      theirs.add(id);
      stack.push(...this.#statements.get(id)!.parents);
    }
    return [...this.#statements.values()].filter(({ id }) => !theirs.has(id)).map(encodeStatement);
  }

  async #add(encoded: readonly Uint8Array[]): Promise<AddReport> {
    const counts = { known: 0, refused: 0 };
    for (const entry of encoded) {
      const statement = decodeStatement(entry);
      if (statement === undefined || statement.teamId !== this.teamId) counts.refused++;
      else if (this.#statements.has(statement.id) || this.#pending.has(statement.id)) counts.known++;
      else if (!this.#hasRoomFor(statement)) counts.refused++;
      else this.#pending.set(statement.id, statement);
    }
    const added = this.#ready();
    await this.#keep(added);
    return { ...counts, added, pending: this.#pending.size };
  }

  /** Pending statements whose parents are here or come before them in the list. */
  #ready(): Statement[] {
    const ready = new Map<StatementId, Statement>();
    for (let before = -1; before < ready.size; ) {
      before = ready.size;
      for (const statement of this.#pending.values()) {
        const isReady = statement.parents.every(parent => this.#statements.has(parent) || ready.has(parent));
        if (isReady) ready.set(statement.id, statement);
      }
    }
    return [...ready.values()];
  }

  async #keep(statements: readonly Statement[]): Promise<void> {
    for (const { id } of statements) this.#pending.delete(id);
    if (statements.length === 0) return;
    await this.#store.append(statements.map(encodeStatement));
    for (const statement of statements) this.#insert(statement);
    if (this.#listeners.size === 0 || !this.has(this.teamId)) return;
    const keyring = this.keyring();
    for (const listener of this.#listeners) listener(keyring);
  }

  #insert(statement: Statement): void {
    this.#statements.set(statement.id, statement);
    for (const parent of statement.parents) this.#heads.delete(parent);
    this.#heads.add(statement.id);
    this.#keyring = undefined;
  }

  #hasParents(statement: Statement): boolean {
    return statement.parents.every(parent => this.#statements.has(parent));
  }

  /** A full ledger still takes what its admins say: no flood by a member may keep its own revocation out. */
  #hasRoomFor({ author, parents }: Statement): boolean {
    if (this.#pending.size >= pendingStatementsMax) {
      const isWaiting = !parents.every(parent => this.#statements.has(parent) || this.#pending.has(parent));
      if (isWaiting) return false;
    }
    const count = this.#statements.size + this.#pending.size;
    if (count < statementsMax || !this.has(this.teamId)) return count < statementsMax;
    return count < 2 * statementsMax && this.keyring().hasRole(author, 'admin');
  }
}
