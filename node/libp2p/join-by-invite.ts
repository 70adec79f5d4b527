// The newcomer's side of protocol/join.ts: with the invite's key as its libp2p identity it asks one member after the other,
// those of the invite line first, then those that mDNS shows.
import type { Connection, PeerInfo } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { CodedError } from '../../src/errors.ts';
import { sleep } from '../../src/platform/clock.ts';
import { joinProtocol, joinToWire } from '../../src/protocol/join.ts';
import { askToJoin } from '../../src/team/build-statement.ts';
import { identityFromSeed } from '../../src/team/identity.ts';
import { decodeInviteLine, type InviteLine } from '../../src/team/invite-line.ts';
import { tryAddress } from './address.ts';
import { receiveAdmission } from './admission.ts';
import { Conversation } from './conversation.ts';
import { type Host, startHost } from './host.ts';
import { teamMdnsTag } from './mdns-tags.ts';
import type { Admission, JoinByInvite, JoinInit } from './swarm-api.ts';

/** How long mDNS is given to show a member where the line's addresses led to none. */
const mdnsMsMax = 5_000;
const askMsMax = 10_000;

/** Joins through any live member. INVITE_REFUSED with the reason, UNREACHABLE where no member answers, BAD_INPUT on a
 * damaged line. */
export const joinByInvite: JoinByInvite = async (text, init) => {
  const line = decodeInviteLine(text);
  if (init.clock.nowMs() > line.expiresAtMs) {
    throw new CodedError('INVITE_REFUSED', 'the invite has expired', {
      hint: 'ask an admin for a new one: p2pcache invite',
    });
  }
  const candidates = line.addresses
    .map(tryAddress)
    .filter(address => address !== undefined)
    .map(address => [address]);
  const host = await startHost({
    seed: line.seed,
    listen: [],
    gater: { denyInboundConnection: () => true },
    mdns: init.mdns
      ? {
          tag: teamMdnsTag(line.teamId),
          pauseMs: () => 500,
          onFound: peer => candidates.push(addressesOf(peer)),
        }
      : undefined,
    dht: undefined,
    connectionsMax: 16,
    inboundPerSecondMax: 1,
  });
  try {
    return await askEach(host, line, init, candidates);
  } finally {
    await host.stop();
  }
};

/** Asks candidates in turn, never two at once: an admission spends one of the invite's uses. `candidates` grows meanwhile. */
async function askEach(
  host: Host,
  line: InviteLine,
  init: JoinInit & { mdns: boolean },
  candidates: Multiaddr[][],
): Promise<Admission> {
  const asked = new Set<string>();
  let refusal: unknown;
  let waitUntilMs = init.clock.nowMs() + (init.mdns ? mdnsMsMax : 0);
  for (;;) {
    const addresses = candidates.shift();
    if (addresses === undefined) {
      if (init.clock.nowMs() >= waitUntilMs) throw refusal ?? unreachable(line);
      await sleep(init.clock, 100, init.signal);
      continue;
    }
    if (addresses.length === 0 || asked.has(`${addresses}`)) continue;
    asked.add(`${addresses}`);
    const startedMs = init.clock.nowMs();
    const connection = await host.dial(addresses, { signal: init.signal }).catch(() => undefined);
    init.signal.throwIfAborted();
    if (connection === undefined) continue;
    try {
      return await ask(connection, line, init);
    } catch (error) {
      init.signal.throwIfAborted();
      refusal = betterRefusal(refusal, error);
      waitUntilMs += init.clock.nowMs() - startedMs;
    }
  }
}

function addressesOf({ id, multiaddrs }: PeerInfo): Multiaddr[] {
  return multiaddrs.map(address => address.encapsulate(`/p2p/${id}`));
}

async function ask(
  connection: Connection,
  line: InviteLine,
  { identity, name, signal }: JoinInit,
): Promise<Admission> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(askMsMax)]);
  const stream = await connection.newStream(joinProtocol, { signal: limit });
  const conversation = new Conversation(stream);
  try {
    const invite = identityFromSeed(line.seed);
    const { proof, ...request } = askToJoin(identity, line.teamId, name, invite);
    await conversation.send(joinToWire({ ...request, proof: proof! }));
    return await receiveAdmission(conversation, line.teamId, identity.key, limit);
  } finally {
    conversation.close();
  }
}

/** A member's own words say more than a line that broke; the newest of equal ones counts. */
function betterRefusal(before: unknown, now: unknown): unknown {
  const isTold = now instanceof CodedError && now.code !== 'UNREACHABLE';
  if (isTold) return now;
  return (
    before ??
    new CodedError('INVITE_REFUSED', 'whoever answered does not know this invite', {
      hint: 'is the invite of this team, and was it made while that member was connected? Ask for a new one: p2pcache invite',
      cause: now,
    })
  );
}

function unreachable({ teamName, addresses }: InviteLine): CodedError {
  const tried = addresses.length === 0 ? '' : ` (tried ${addresses.join(', ')})`;
  return new CodedError('UNREACHABLE', `no member of team ${teamName} could be reached${tried}`, {
    hint: 'some member must be on and reachable from here; an admin can make an invite with its present addresses: p2pcache invite',
  });
}
