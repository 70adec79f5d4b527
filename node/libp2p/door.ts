// The door: where newcomers on the same network find the team and wait to be let in. A host of its own with a throw-away
// key, so that the team's host can refuse every stranger; tightly limited, because anyone can reach it.
import type { Connection, Stream } from '@libp2p/interface';
import { CodedError } from '../../src/errors.ts';
import { doorConnectionsMax, newcomersWaitingMax, newcomerWaitMsMax } from '../../src/limits.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { Random } from '../../src/platform/random.ts';
import {
  doorMdnsTag,
  doorProtocol,
  greetingToWire,
  type Knock,
  knockFromWire,
  nonceFromWire,
  nonceToWire,
} from '../../src/protocol/door.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';
import type { MemberAddresses } from '../../src/protocol/members.ts';
import { buildAdmit, isJoinRequest } from '../../src/team/build-statement.ts';
import { generateIdentity, type Identity, type MemberKey } from '../../src/team/identity.ts';
import type { Role } from '../../src/team/keyring.ts';
import type { Ledger } from '../../src/team/ledger.ts';
import { isCommitted, joinPhrase, phraseNonceBytes } from '../../src/team/phrase.ts';
import type { Statement } from '../../src/team/statement.ts';
import { sendAdmission, sendRefusal } from './admission.ts';
import { Conversation } from './conversation.ts';
import { type Host, startHost } from './host.ts';
import type { WaitingNewcomer } from './swarm-api.ts';
import type { OnRefused } from './team-gater.ts';

export interface DoorInit {
  readonly identity: Identity;
  readonly ledger: Ledger;
  readonly listen: readonly string[];
  readonly mdns: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly knownAddresses: () => MemberAddresses;
  readonly onRefused: OnRefused;
  onWaiting(newcomer: WaitingNewcomer): void;
}

/** For each step of a knock that a program takes, not a person. */
const stepMsMax = 5_000;
/** A connection that has not begun to knock by then is closed. */
const idleMsMax = 10_000;
/** A door answers and has nothing to ask. */
const queryAgainMs = Number.POSITIVE_INFINITY;

interface Waiting {
  readonly newcomer: WaitingNewcomer;
  readonly knock: Knock;
  readonly conversation: Conversation;
}

export class Door {
  readonly #init: DoorInit;
  readonly #host: Host;
  readonly #waiting = new Map<MemberKey, Waiting>();

  private constructor(init: DoorInit, host: Host) {
    this.#init = init;
    this.#host = host;
  }

  /** Opens it. PORT_TAKEN or BAD_INPUT for addresses that cannot be listened on. */
  static async open(init: DoorInit): Promise<Door> {
    const host = await startHost({
      seed: generateIdentity().seed,
      listen: init.listen,
      gater: { denyDialPeer: () => true, denyDialMultiaddr: () => true },
      mdns: init.mdns ? { tag: doorMdnsTag, pauseMs: () => queryAgainMs } : undefined,
      dht: undefined,
      connectionsMax: doorConnectionsMax,
      inboundPerSecondMax: 10,
    });
    const door = new Door(init, host);
    await host.handle(doorProtocol, (stream, connection) => void door.#greet(stream, connection), {
      maxInboundStreams: 1,
    });
    host.addEventListener('connection:open', ({ detail }) => door.#closeWhenIdle(detail));
    return door;
  }

  /** Dialable multiaddrs. */
  addresses(): string[] {
    return this.#host.getMultiaddrs().map(String);
  }

  waiting(): WaitingNewcomer[] {
    return [...this.#waiting.values()].map(({ newcomer }) => newcomer);
  }

  /** Signs the admission and hands the team over. UNKNOWN_MEMBER where nobody of that key waits; NOT_ALLOWED unless admin. */
  async admit(key: MemberKey, roles: readonly Role[]): Promise<Statement> {
    const { identity, ledger, clock, knownAddresses } = this.#init;
    const waiting = this.#waiting.get(key);
    if (waiting === undefined)
      throw new CodedError('UNKNOWN_MEMBER', 'nobody with that key waits at the door any more');
    const statement = buildAdmit({ identity, ledger, nowMs: clock.nowMs() }, waiting.knock, roles);
    await ledger.addOwn(statement);
    this.#waiting.delete(key);
    // The admission holds even where the newcomer has just left: it knocks again and is handed the team.
    await sendAdmission(waiting.conversation, ledger, knownAddresses()).catch(() => undefined);
    return statement;
  }

  /** Sends the newcomer away; false where nobody of that key waits. */
  refuse(key: MemberKey, reason = 'the request was refused'): boolean {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (waiting !== undefined) void sendRefusal(waiting.conversation, new CodedError('NOT_ALLOWED', reason));
    return waiting !== undefined;
  }

  async close(): Promise<void> {
    for (const { conversation } of this.#waiting.values()) conversation.abort(new Error('the door closes'));
    await this.#host.stop();
  }

  async #greet(stream: Stream, connection: Connection): Promise<void> {
    const { onRefused } = this.#init;
    const conversation = new Conversation(stream);
    // A door serves one conversation for each connection: nothing is left to say after it.
    conversation.onEnded(() => void connection.close().catch(() => undefined));
    try {
      await this.#converse(conversation);
    } catch (error) {
      // Most who are greeted only wanted to know which team this is.
      if (error instanceof ProtocolError) onRefused(error.reason, connection.remotePeer.toString());
      if (conversation.isOpen) await sendRefusal(conversation, error);
    }
  }

  async #converse(conversation: Conversation): Promise<void> {
    const { ledger, identity, clock, random, knownAddresses } = this.#init;
    const { teamName, members } = ledger.keyring();
    const memberName = members.get(identity.key)?.name ?? 'unknown';
    await conversation.send(
      greetingToWire({ teamId: ledger.teamId, teamName, member: identity.key, memberName }),
    );
    const knock = knockFromWire(await conversation.next(AbortSignal.timeout(stepMsMax)));
    if (!isJoinRequest(knock, ledger.teamId))
      throw new CodedError('REFUSED', 'the knock is not signed rightly');
    const memberNonce = random.bytes(phraseNonceBytes);
    await conversation.send(nonceToWire(memberNonce));
    const newcomerNonce = nonceFromWire(await conversation.next(AbortSignal.timeout(stepMsMax)));
    if (!isCommitted(knock.commitment, ledger.teamId, knock.key, newcomerNonce)) {
      throw new ProtocolError('broken-commitment', 'the nonce is not the one committed to');
    }
    // Was admitted before, and missed the answer.
    if (ledger.keyring().isMember(knock.key)) return sendAdmission(conversation, ledger, knownAddresses());
    const { teamId } = ledger;
    const phrase = joinPhrase({
      teamId,
      newcomer: knock.key,
      newcomerNonce,
      member: identity.key,
      memberNonce,
    });
    this.#wait({
      newcomer: { key: knock.key, name: knock.name, phrase, sinceMs: clock.nowMs() },
      knock,
      conversation,
    });
  }

  #wait(waiting: Waiting): void {
    const { key } = waiting.newcomer;
    this.refuse(key, 'this machine knocked again');
    if (this.#waiting.size >= newcomersWaitingMax)
      throw new CodedError('NO_ANSWER', 'too many wait at this door; try later');
    this.#waiting.set(key, waiting);
    const leave = () => {
      if (this.#waiting.get(key) === waiting) this.#waiting.delete(key);
    };
    const cancel = this.#init.clock.schedule(newcomerWaitMsMax, () => {
      if (this.#waiting.get(key) === waiting) this.refuse(key, 'nobody answered the door in time');
    });
    waiting.conversation.onEnded(() => {
      cancel();
      leave();
    });
    this.#init.onWaiting(waiting.newcomer);
  }

  #closeWhenIdle(connection: Connection): void {
    this.#init.clock.schedule(idleMsMax, () => {
      const isTalking = connection.streams.some(({ protocol }) => protocol === doorProtocol);
      if (!isTalking) connection.abort(new Error('nothing was said'));
    });
  }
}
