// The DHT alone: members who are all connected to one, and tell each other nothing, find the others through it.
import { expect, onTestFinished, test } from 'vitest';
import { parseAddress } from '../../../node/libp2p/address.ts';
import { type Host, startHost } from '../../../node/libp2p/host.ts';
import { Rendezvous } from '../../../node/libp2p/rendezvous.ts';
import { realClock } from '../../../node/system/real-clock.ts';
import { generateIdentity, type MemberKey } from '../../../src/team/identity.ts';
import { until } from '../../support/swarm-rig.ts';

const teamId = 'ab'.repeat(32);

class DhtMember {
  readonly key: MemberKey;
  readonly found = new Map<MemberKey, readonly string[]>();
  readonly #host: Host;
  readonly rendezvous: Rendezvous;

  private constructor(key: MemberKey, host: Host) {
    this.key = key;
    this.#host = host;
    this.rendezvous = new Rendezvous({
      host,
      teamId,
      clock: realClock,
      onFound: (member, addresses) => this.found.set(member, addresses),
      onTrouble: () => {},
    });
  }

  static async start(): Promise<DhtMember> {
    const identity = generateIdentity();
    const host = await startHost({
      seed: identity.seed,
      listen: ['127.0.0.1:0'],
      gater: {},
      mdns: undefined,
      dht: { teamId, isMember: () => true },
      connectionsMax: 10,
      inboundPerSecondMax: 100,
    });
    const member = new DhtMember(identity.key, host);
    member.rendezvous.start();
    host.addEventListener('peer:connect', () => member.rendezvous.onConnected());
    onTestFinished(async () => {
      member.rendezvous.stop();
      await host.stop();
    });
    return member;
  }

  async dial(other: DhtMember): Promise<void> {
    await this.#host.dial(other.#host.getMultiaddrs().map(address => parseAddress(`${address}`)));
  }
}

test('whoever knows one member finds the rest, with addresses', async () => {
  const [a, b, c] = await Promise.all([DhtMember.start(), DhtMember.start(), DhtMember.start()]);
  await b.dial(a);
  await c.dial(a);
  await until(() => b.found.has(c.key) && c.found.has(b.key));
  expect(b.found.get(c.key)!.length).toBeGreaterThan(0);
});
