// The libp2p host: transport, encryption, multiplexing and discovery, set up in one place with the limits that were
// measured to matter. A member's host runs the team's DHT; a door and a joining newcomer run a smaller one.
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { ConnectionGater, Libp2p } from '@libp2p/interface';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { mdns } from '@libp2p/mdns';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { CodedError } from '../../src/errors.ts';
import { parseAddress } from './address.ts';

export interface HostInit {
  /** The 32-byte ed25519 seed of the host's key. */
  readonly seed: Uint8Array;
  readonly listen: readonly string[];
  readonly gater: ConnectionGater;
  /** The mDNS service that this host answers for and looks for; undefined: no mDNS. */
  readonly mdnsTag: string | undefined;
  /** Pause between mDNS queries; the first goes out at once. */
  readonly mdnsIntervalMs: number;
  /** Whose DHT to serve; undefined: none. */
  readonly dhtTeamId: string | undefined;
  readonly connectionsMax: number;
}

export type Host = Libp2p;

/** A started host. PORT_TAKEN where a listening address is in use, BAD_INPUT where it is none. */
export async function startHost(init: HostInit): Promise<Host> {
  const listen = init.listen.map(each => parseAddress(each).toString());
  const services = { identify: identify(), ping: ping() };
  const common = {
    privateKey: await generateKeyPairFromSeed('Ed25519', init.seed),
    nodeInfo: { userAgent: 'p2pcache' },
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { maxReadBufferLength: streamReadBufferBytesMax } })],
    peerDiscovery:
      init.mdnsTag === undefined ? [] : [mdns({ serviceTag: init.mdnsTag, interval: init.mdnsIntervalMs })],
    connectionGater: init.gater,
    // The default of 5 connections a second refuses teammates who share one address, after a power cut for example.
    connectionManager: {
      maxConnections: init.connectionsMax,
      inboundConnectionThreshold: 100,
      maxIncomingPendingConnections: 64,
      dialTimeout: 5_000,
      addressDialTimeout: 2_500,
      inboundUpgradeTimeout: 5_000,
      reconnectRetries: 0,
    },
    // Frozen teammates are dropped within about 15 s; a machine at full load still answers in time.
    connectionMonitor: { pingInterval: 5_000, pingTimeout: { minTimeout: 8_000 } },
  };
  try {
    if (init.dhtTeamId === undefined) return await createLibp2p({ ...common, services });
    return await createLibp2p({ ...common, services: { ...services, dht: teamDht(init.dhtTeamId) } });
  } catch (error) {
    throw listenError(error, listen);
  }
}

/** A paused reader's stream is reset beyond this; larger than any yamux window, so that ours never is. */
const streamReadBufferBytesMax = 32 * 1024 * 1024;

/** Server mode on private addresses: the team's machines are each other's DHT, wherever they are. k and alpha are small
 * because a provide costs by them: measured 13 ms at k = 4 against 95 ms at k = 20 in a swarm of 20. */
function teamDht(teamId: string) {
  return kadDHT({
    protocol: `/p2pcache/${teamId}/kad/1.0.0`,
    clientMode: false,
    peerInfoMapper: passthroughMapper,
    kBucketSize: 4,
    alpha: 3,
    allowQueryWithZeroPeers: true,
  });
}

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
