// Ledger sync: two members bring each other's copy of the team's ledger up to date on connecting, and pass on every new
// statement at once, so that a revocation reaches everyone who is connected within one hop after another.
// Goals: converge from any two states; nothing sent when both are equal; new statements pushed without being asked.
// Non-goals: trust (a statement proves itself, whoever passes it on), order (the ledger holds back what comes too early).
import { statementParentsMax, statementSizeBytesMax, statementsPerFrameMax } from '../limits.ts';
import type { StatementId } from '../team/statement.ts';
import { bytes, fields, list, malformed, statementId, tag } from './fields.ts';

export const ledgerSyncProtocol = '/p2pcache/ledger/1';

export type LedgerMessage =
  /** What I know; send me what lies beyond. */
  | { readonly kind: 'heads'; readonly heads: readonly StatementId[] }
  /** Encoded statements, parents before children. */
  | { readonly kind: 'statements'; readonly statements: readonly Uint8Array[] };

/** More heads than one statement can name as parents are cut: the rest travels as statements anyway. */
const headsMax = 4 * statementParentsMax;

export function ledgerMessageToWire(message: LedgerMessage): unknown {
  if (message.kind === 'statements') return ['statements', message.statements];
  return ['heads', message.heads.slice(0, headsMax).map(id => Buffer.from(id, 'hex'))];
}

/** Throws a ProtocolError on anything but a well-formed message. */
export function ledgerMessageFromWire(value: unknown): LedgerMessage {
  const kind = tag(value);
  const [, what] = fields(value, 2);
  if (kind === 'heads') return { kind, heads: list(what, headsMax, statementId) };
  if (kind === 'statements') return { kind, statements: statementsFromWire(what) };
  throw malformed('not a ledger message');
}

export function statementsFromWire(value: unknown): Uint8Array[] {
  return list(value, statementsPerFrameMax, statement => bytes(statement, statementSizeBytesMax));
}

/** The statements in groups that fit a frame of at most `sizeBytesMax`. */
export function* statementGroups(
  statements: readonly Uint8Array[],
  sizeBytesMax: number,
): Generator<Uint8Array[]> {
  let group: Uint8Array[] = [];
  let size = 0;
  for (const statement of statements) {
    const isFull =
      group.length >= statementsPerFrameMax || size + statement.byteLength + 8 > sizeBytesMax - 64;
    if (isFull && group.length > 0) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(statement);
    size += statement.byteLength + 8;
  }
  if (group.length > 0) yield group;
}
