// The member's side of protocol/join.ts: checks the invite, signs the admission, hands over the team.
import type { Connection, Stream } from '@libp2p/interface';
import { CodedError } from '../../src/errors.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';
import { type JoinMessage, joinFromWire, joinProtocol } from '../../src/protocol/join.ts';
import type { MemberAddresses } from '../../src/protocol/members.ts';
import { buildInviteAdmit } from '../../src/team/build-statement.ts';
import type { Identity } from '../../src/team/identity.ts';
import type { Ledger } from '../../src/team/ledger.ts';
import { sendAdmission, sendRefusal } from './admission.ts';
import { Conversation } from './conversation.ts';
import type { Host } from './host.ts';
import { memberKeyOf } from './member-peer-id.ts';
import type { OnRefused, TeamGater } from './team-gater.ts';

export interface JoinServerInit {
  readonly host: Host;
  readonly identity: Identity;
  readonly ledger: Ledger;
  readonly gater: TeamGater;
  readonly clock: Clock;
  readonly knownAddresses: () => MemberAddresses;
  readonly onRefused: OnRefused;
}

const requestMsMax = 5_000;
/** Time for a refusal or an admission to be read before the connection is closed. */
const lingerMs = 2_000;

/** Answers invite holders from now on. */
export async function serveJoin(init: JoinServerInit): Promise<void> {
  await init.host.handle(joinProtocol, (stream, connection) => void answer(init, stream, connection), {
    maxInboundStreams: 1,
  });
}

async function answer(init: JoinServerInit, stream: Stream, connection: Connection): Promise<void> {
  const { gater, ledger, knownAddresses, onRefused, clock } = init;
  const conversation = new Conversation(stream);
  const peer = connection.remotePeer.toString();
  try {
    const request = joinFromWire(await conversation.next(AbortSignal.timeout(requestMsMax)));
    // The connection itself proves that whoever asks holds the invite that the request names.
    if (request.proof.invite !== memberKeyOf(connection.remotePeer)) {
      throw new CodedError('REFUSED', 'the invite of the request is not the one of the connection');
    }
    await admit(init, request);
    await sendAdmission(conversation, ledger, knownAddresses());
  } catch (error) {
    if (error instanceof ProtocolError) onRefused(error.reason, peer);
    else if (error instanceof CodedError) onRefused('join-request', peer);
    await sendRefusal(conversation, error);
  } finally {
    // An invite lets one ask, not stay.
    const isMember = gater.memberOf(connection.remotePeer) !== undefined;
    if (!isMember) clock.schedule(lingerMs, () => connection.abort(new Error('the request was answered')));
  }
}

async function admit({ identity, ledger, clock }: JoinServerInit, request: JoinMessage): Promise<void> {
  // Asked again after the answer was lost: the invite's use is spent already, and rightly so.
  if (ledger.keyring().isMember(request.key)) return;
  await ledger.addOwn(buildInviteAdmit({ identity, ledger, nowMs: clock.nowMs() }, request));
}
