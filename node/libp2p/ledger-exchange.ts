// Keeps one teammate's copy of the ledger level with ours (protocol/ledger-sync.ts).
import { frameSizeBytesMax } from '../../src/limits.ts';
import type { Clock } from '../../src/platform/clock.ts';
import {
  ledgerMessageFromWire,
  ledgerMessageToWire,
  statementGroups,
} from '../../src/protocol/ledger-sync.ts';
import type { Ledger } from '../../src/team/ledger.ts';
import type { StatementId } from '../../src/team/statement.ts';

/** Statements without their parents make us ask again, but not more often than this. */
const askAgainMs = 1_000;

export interface LedgerExchangeInit {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Sends to the teammate, in order; where there is no stream now, the next one starts over with our heads. */
  post(message: unknown): void;
  onRefused(reason: string): void;
  onTrouble(error: unknown): void;
}

export class LedgerExchange {
  readonly #init: LedgerExchangeInit;
  /** What the teammate last said it has; undefined until it did. */
  #told: readonly StatementId[] | undefined;
  /** What it has once all that we sent since has arrived. */
  #theirs: readonly StatementId[] | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** Statements of the teammate's that are being added now: telling everyone of them must not send them back. */
  readonly #arriving = new Set<string>();

  constructor(init: LedgerExchangeInit) {
    this.#init = init;
  }

  /** A new stream to the teammate: what was sent on an earlier one may be lost. */
  start(): void {
    this.#theirs = this.#told;
    this.#ask();
    this.sendNews();
  }

  /** Takes one frame from the teammate. Throws a ProtocolError where it breaks the rules. */
  onFrame(value: unknown): void {
    const message = ledgerMessageFromWire(value);
    if (message.kind === 'heads') {
      this.#told = message.heads;
      this.#theirs = message.heads;
      this.sendNews();
    } else {
      this.#take(message.statements).catch(error => this.#init.onTrouble(error));
    }
  }

  /** Sends what the teammate does not have yet, as far as we know. */
  sendNews(): void {
    const { ledger, post } = this.#init;
    if (this.#theirs === undefined) return;
    const news = ledger.missing(this.#theirs).filter(statement => !this.#arriving.has(textOf(statement)));
    for (const statements of statementGroups(news, frameSizeBytesMax)) {
      post(ledgerMessageToWire({ kind: 'statements', statements }));
    }
    this.#theirs = ledger.heads();
  }

  async #take(statements: readonly Uint8Array[]): Promise<void> {
    const { ledger, clock } = this.#init;
    const texts = statements.map(textOf);
    for (const text of texts) this.#arriving.add(text);
    const report = await ledger.add(statements).finally(() => {
      for (const text of texts) this.#arriving.delete(text);
    });
    if (report.refused > 0) this.#init.onRefused('bad-statement');
    const isDue = clock.nowMs() - this.#askedAtMs >= askAgainMs;
    if (report.pending > 0 && isDue) this.#ask();
  }

  /** Says what we know, to be sent the rest. */
  #ask(): void {
    this.#askedAtMs = this.#init.clock.nowMs();
    this.#init.post(ledgerMessageToWire({ kind: 'heads', heads: this.#init.ledger.heads() }));
  }
}

function textOf(statement: Uint8Array): string {
  return Buffer.from(statement).toString('latin1');
}
