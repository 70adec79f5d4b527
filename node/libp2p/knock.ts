// The newcomer's side of protocol/door.ts: finding teams in reach, and knocking at one.
import type { PeerInfo } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { CodedError } from '../../src/errors.ts';
import { sleep } from '../../src/platform/clock.ts';
import {
  doorMdnsTag,
  doorProtocol,
  type Greeting,
  greetingFromWire,
  knockToWire,
  nonceFromWire,
  nonceToWire,
} from '../../src/protocol/door.ts';
import { askToJoin } from '../../src/team/build-statement.ts';
import { generateIdentity } from '../../src/team/identity.ts';
import { commitToNonce, joinPhrase, phraseNonceBytes } from '../../src/team/phrase.ts';
import { parseStatementId } from '../../src/team/statement.ts';
import { parseAddress, tryAddress } from './address.ts';
import { receiveAdmission } from './admission.ts';
import { Conversation } from './conversation.ts';
import { type Host, startHost } from './host.ts';
import type { FindTeams, FoundTeam, Knock } from './swarm-api.ts';

const greetMsMax = 3_000;
/** Doors answer within 0.1 s and are asked twice a second: after this long without a new team there is none. */
const quietMs = 1_000;

/** Teams whose door is in reach within `timeoutMs`, by name and id: two of one name are both there. Returns early once no
 * more turn up. With `address` only that
 * door is asked, and UNREACHABLE is thrown where none answers. */
export const findTeams: FindTeams = async ({ timeoutMs, address, mdns, clock, signal }) => {
  const found = new Map<string, FoundTeam>();
  const asked = new Map<string, Promise<void>>();
  let host: Host | undefined;
  const ask = (addresses: Multiaddr[]) => {
    const name = addresses.map(String).sort().join();
    if (name === '' || asked.has(name) || host === undefined) return;
    asked.set(
      name,
      greet(host, addresses, signal).then(
        team => note(found, team),
        () => undefined,
      ),
    );
  };
  const fromMdns = {
    tag: doorMdnsTag,
    pauseMs: () => 500,
    onFound: (peer: PeerInfo) => ask(addressesOf(peer)),
  };
  host = await newcomerHost(mdns && address === undefined ? fromMdns : undefined);
  try {
    if (address !== undefined) {
      ask([parseAddress(address)]);
      await Promise.all(asked.values());
      if (found.size === 0) throw new CodedError('UNREACHABLE', `no team's door answers at ${address}`);
    } else if (mdns) {
      const untilMs = clock.nowMs() + timeoutMs;
      let quietSinceMs = clock.nowMs();
      for (let known = 0; clock.nowMs() < untilMs; ) {
        await sleep(clock, 50, signal);
        if (found.size > known) quietSinceMs = clock.nowMs();
        known = found.size;
        if (known > 0 && clock.nowMs() - quietSinceMs >= quietMs) break;
      }
    }
    return [...found.values()];
  } finally {
    await host.stop();
  }
};

/** Knocks at the team's door and waits until admitted. */
export const knock: Knock = async (team, { identity, name, random, signal, onPhrase }) => {
  const host = await newcomerHost(undefined);
  try {
    const addresses = team.addresses.map(tryAddress).filter(address => address !== undefined);
    const { conversation, greeting } = await open(host, addresses, signal);
    const teamId = parseStatementId(team.teamId);
    if (greeting.teamId !== teamId)
      throw new CodedError('REFUSED', `the door is not team ${team.teamName}'s any more`);
    const { key, consent } = askToJoin(identity, teamId, name);
    const newcomerNonce = random.bytes(phraseNonceBytes);
    await conversation.send(
      knockToWire({ key, name, consent, commitment: commitToNonce(teamId, key, newcomerNonce) }),
    );
    const memberNonce = nonceFromWire(await conversation.next(signal));
    await conversation.send(nonceToWire(newcomerNonce));
    onPhrase(joinPhrase({ teamId, newcomer: key, newcomerNonce, member: greeting.member, memberNonce }));
    return await receiveAdmission(conversation, teamId, key, signal);
  } finally {
    await host.stop();
  }
};

function note(found: Map<string, FoundTeam>, team: FoundTeam): void {
  const known = found.get(team.teamId);
  found.set(
    team.teamId,
    known === undefined ? team : { ...known, addresses: [...known.addresses, ...team.addresses] },
  );
}

async function greet(host: Host, addresses: Multiaddr[], signal: AbortSignal): Promise<FoundTeam> {
  const { conversation, greeting } = await open(
    host,
    addresses,
    AbortSignal.any([signal, AbortSignal.timeout(greetMsMax)]),
  );
  conversation.close();
  const { teamId, teamName, memberName } = greeting;
  return { teamId, teamName, memberName, addresses: addresses.map(String) };
}

/** The open conversation with a door, after its greeting. UNREACHABLE where nobody opens. */
async function open(
  host: Host,
  addresses: Multiaddr[],
  signal: AbortSignal,
): Promise<{ conversation: Conversation; greeting: Greeting }> {
  try {
    const connection = await host.dial(addresses, { signal });
    const conversation = new Conversation(await connection.newStream(doorProtocol, { signal }));
    return { conversation, greeting: greetingFromWire(await conversation.next(signal)) };
  } catch (error) {
    signal.throwIfAborted();
    throw new CodedError('UNREACHABLE', 'the door does not answer', { cause: error });
  }
}

/** A throw-away host: the newcomer's own key has no business here yet. */
function newcomerHost(mdns: Parameters<typeof startHost>[0]['mdns']): Promise<Host> {
  return startHost({
    seed: generateIdentity().seed,
    listen: [],
    gater: { denyInboundConnection: () => true },
    mdns,
    dht: undefined,
    connectionsMax: 64,
    inboundPerSecondMax: 1,
  });
}

function addressesOf({ id, multiaddrs }: PeerInfo): Multiaddr[] {
  return multiaddrs.map(address => address.encapsulate(`/p2p/${id}`));
}
