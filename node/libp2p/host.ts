// The libp2p host: transport, encryption, multiplexing and discovery, set up in one place with the limits that were
// measured to matter. A member's host runs the team's DHT; a door and a joining newcomer run a smaller one.
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { type Identify, identify } from '@libp2p/identify';
import type { ConnectionGater, Libp2p } from '@libp2p/interface';
import type { KadDHT } from '@libp2p/kad-dht';
import { type Ping, ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { CodedError } from '../../src/errors.ts';
import { parseAddress } from './address.ts';
import { discovery, type HostMdns } from './mdns-discovery.ts';
import { type TeamDhtInit, teamDht } from './team-dht.ts';

export interface HostInit {
  /** The 32-byte ed25519 seed of the host's key. */
  readonly seed: Uint8Array;
  readonly listen: readonly string[];
  readonly gater: ConnectionGater;
  /** Undefined: no mDNS. */
  readonly mdns: HostMdns | undefined;
  /** Undefined: no part in any DHT. */
  readonly dht: TeamDhtInit | undefined;
  readonly connectionsMax: number;
  /** From one address. */
  readonly inboundPerSecondMax: number;
}

export type Host = Libp2p<{ identify: Identify; ping: Ping; dht?: KadDHT }>;

/** A started host. PORT_TAKEN where a listening address is in use, BAD_INPUT where it is none. */
export async function startHost(init: HostInit): Promise<Host> {
  const listen = init.listen.map(each => parseAddress(each).toString());
  const isMembers = init.dht !== undefined;
  const services = { identify: identify(), ping: ping() };
  const common = {
    privateKey: await generateKeyPairFromSeed('Ed25519', init.seed),
    nodeInfo: { userAgent: 'p2pcache' },
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        enableKeepAlive: !isMembers,
        streamOptions: { maxReadBufferLength: streamReadBufferBytesMax },
      }),
    ],
    peerDiscovery: init.mdns === undefined ? [] : [discovery(init.mdns)],
    connectionGater: init.gater,
    connectionManager: {
      maxConnections: init.connectionsMax,
      inboundConnectionThreshold: init.inboundPerSecondMax,
      maxIncomingPendingConnections: 64,
      // A member can have many addresses, tried in turn, most of them of networks that this machine is not on.
      dialTimeout: 20_000,
      addressDialTimeout: 2_000,
      inboundUpgradeTimeout: 5_000,
      reconnectRetries: 0,
    },
    // Each ping is a stream of its own: of an idle machine's processor time, every 15 s, they took half. Members tell each other
    // that they live (peers-network.ts), and need no other keeping alive; a door and a newcomer have few connections, none for long.
    connectionMonitor: isMembers
      ? { enabled: false }
      : { pingInterval: 15_000, pingTimeout: { minTimeout: 8_000 } },
  };
  try {
    if (init.dht === undefined) return await createLibp2p({ ...common, services });
    return await createLibp2p({ ...common, services: { ...services, dht: teamDht(init.dht) } });
  } catch (error) {
    throw listenError(error, listen);
  }
}

/** A paused reader's stream is reset beyond this; larger than any yamux window, so that ours never is. */
const streamReadBufferBytesMax = 32 * 1024 * 1024;

function listenError(error: unknown, listen: readonly string[]): unknown {
  const text = allMessages(error);
  const where = listen.join(', ');
  if (/EADDRINUSE|EACCES/.test(text)) {
    return new CodedError('PORT_TAKEN', `cannot listen on ${where}: the port is taken or not allowed`, {
      hint: 'choose another port, or 0 for any free one',
      cause: error,
    });
  }
  if (/EADDRNOTAVAIL|UnsupportedListenAddress/.test(text)) {
    return new CodedError('BAD_INPUT', `cannot listen on ${where}: this machine has no such address`, {
      cause: error,
    });
  }
  return error;
}

/** libp2p wraps what the socket said in errors of its own. */
function allMessages(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors : [];
  return [error.name, error.message, ...[error.cause, ...inner].filter(Boolean).map(allMessages)].join(' ');
}
