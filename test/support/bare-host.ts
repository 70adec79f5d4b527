// A libp2p host as p2pcache starts it, with nothing of p2pcache on it; stops with the test.
import { onTestFinished } from 'vitest';
import { type Host, startHost } from '../../node/libp2p/host.ts';
import { generateIdentity, type Identity } from '../../src/team/identity.ts';

/** A bare host with this key that lets everyone in and follows no protocol of its own. */
export async function bareHost(identity: Identity = generateIdentity()): Promise<Host> {
  const host = await startHost({
    seed: identity.seed,
    listen: ['127.0.0.1:0'],
    gater: {},
    mdns: undefined,
    dht: undefined,
    connectionsMax: 10,
    inboundPerSecondMax: 100,
  });
  onTestFinished(() => host.stop());
  return host;
}
