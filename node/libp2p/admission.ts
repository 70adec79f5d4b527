// Handing a newcomer the team, and taking it: the last part of both ways of joining.
import { CodedError } from '../../src/errors.ts';
import { statementsMax, strangerFrameSizeBytesMax } from '../../src/limits.ts';
import { admissionFromWire, admissionToWire, refusalCodeOf } from '../../src/protocol/admission.ts';
import { statementGroups } from '../../src/protocol/ledger-sync.ts';
import type { MemberAddresses } from '../../src/protocol/members.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import { Ledger } from '../../src/team/ledger.ts';
import { MemoryLedgerStore } from '../../src/team/ledger-store.ts';
import type { StatementId } from '../../src/team/statement.ts';
import type { Conversation } from './conversation.ts';
import type { Admission } from './swarm-api.ts';

/** Addresses that fit one frame for strangers, whoever they are of. */
const addressedMembersMax = 64;
const addressesEachMax = 4;

/** Sends the whole ledger and members' addresses, then closes. */
export async function sendAdmission(
  conversation: Conversation,
  ledger: Ledger,
  known: MemberAddresses,
): Promise<void> {
  for (const statements of statementGroups(ledger.missing([]), strangerFrameSizeBytesMax)) {
    await conversation.send(admissionToWire({ kind: 'statements', statements }));
  }
  const few = [...known].slice(0, addressedMembersMax);
  const addresses = new Map(few.map(([key, texts]) => [key, texts.slice(0, addressesEachMax)]));
  await conversation.send(admissionToWire({ kind: 'admitted', addresses }));
  conversation.close();
}

/** Tells why not, then closes. */
export async function sendRefusal(conversation: Conversation, error: unknown): Promise<void> {
  const coded = error instanceof CodedError ? error : undefined;
  const message = coded?.message ?? 'the member could not handle the request';
  const refusal = { kind: 'refused', code: refusalCodeOf(coded?.code), message } as const;
  await conversation.send(admissionToWire(refusal)).catch(() => undefined);
  conversation.close();
}

/** The team as the other side hands it over, checked: its founding has the id that was expected, and it admits this key.
 * Rejects with the other side's refusal, or REFUSED where what came proves nothing. */
export async function receiveAdmission(
  conversation: Conversation,
  teamId: StatementId,
  self: MemberKey,
  signal: AbortSignal,
): Promise<Admission> {
  const statements: Uint8Array[] = [];
  for (;;) {
    const message = admissionFromWire(await conversation.next(signal));
    if (message.kind === 'refused') throw new CodedError(message.code, message.message);
    if (message.kind === 'admitted') return checked(teamId, self, statements, message.addresses);
    statements.push(...message.statements);
    if (statements.length > 2 * statementsMax)
      throw new CodedError('REFUSED', 'the ledger sent is too large');
  }
}

async function checked(
  teamId: StatementId,
  self: MemberKey,
  statements: readonly Uint8Array[],
  addresses: MemberAddresses,
): Promise<Admission> {
  const ledger = await Ledger.open(teamId, new MemoryLedgerStore());
  await ledger.add(statements);
  if (!ledger.has(teamId) || !ledger.keyring().isMember(self)) {
    throw new CodedError('REFUSED', 'what the other side sent does not make this machine a member');
  }
  return { teamId, teamName: ledger.keyring().teamName, statements: ledger.missing([]), addresses };
}
