// The swarm, put together: host, sessions with members, dialling, DHT rendezvous, joining by invite, and the door.
import type { PeerInfo } from '@libp2p/interface';
import type { MemberKey } from '../../src/team/identity.ts';
import type { Role } from '../../src/team/keyring.ts';
import { parseAddress, withoutPeerId } from './address.ts';
import { Dialer } from './dialer.ts';
import { DoorKeeper } from './door-keeper.ts';
import { FarmHub } from './farm-hub.ts';
import { type Host, startHost } from './host.ts';
import { serveJoin } from './join-server.ts';
import { teamMdnsTag } from './mdns-tags.ts';
import { MemberAddresses } from './member-addresses.ts';
import { memberKeyOf, peerIdOf } from './member-peer-id.ts';
import { PeersNetwork } from './peers-network.ts';
import { Rendezvous } from './rendezvous.ts';
import type { Swarm, SwarmInit } from './swarm-api.ts';
import { TeamGater } from './team-gater.ts';

export { joinByInvite } from './join-by-invite.ts';
export { findTeams, knock } from './knock.ts';

/** Members connected to one machine at a time. */
const connectionsMax = 300;
/** Teammates can share one address, and all come back at once after a power cut; libp2p's default of 5 turns them away. */
const inboundPerSecondMax = 100;
/** In an invite a second member is worth more than a second address of the same. */
const addressesPerTeammate = 2;
const ownAddressesMax = 4;
/** Pauses between mDNS queries: while no teammate is connected, and otherwise, when only a lost packet leaves anyone unfound. */
const mdnsAloneMs = 3_000;
const mdnsMs = 60_000;

/** Joins the team's swarm. PORT_TAKEN where a listening address is in use, BAD_INPUT where one is none. */
export async function startSwarm(init: SwarmInit): Promise<Swarm> {
  const { identity, ledger, config, clock } = init;
  const addresses = new MemberAddresses(init.addressBook, clock, error =>
    init.onEvent({ kind: 'trouble', what: 'the address book', error }),
  );
  await addresses.load();
  const gater = new TeamGater(
    () => ledger.keyring(),
    (reason, peer) => init.onEvent({ kind: 'refused', reason, peer }),
  );
  let swarm: TeamSwarm | undefined;
  // Answers that come while the host starts are repeated at the next query.
  const onFound = (peer: PeerInfo) => swarm?.onFound(peer);
  // Hosts that count the same pause would all query at once.
  const spread = 1 + init.random.fraction() / 2;
  const pauseMs = () => spread * (swarm?.connectedMembers().length ? mdnsMs : mdnsAloneMs);
  const host = await startHost({
    seed: identity.seed,
    listen: config.listen,
    gater,
    mdns: config.mdns ? { tag: teamMdnsTag(ledger.teamId), pauseMs, onFound } : undefined,
    dht: { teamId: ledger.teamId, isMember: peer => gater.memberOf(peer) !== undefined },
    connectionsMax,
    inboundPerSecondMax,
  });
  swarm = new TeamSwarm(init, host, gater, addresses);
  try {
    await swarm.start();
    return swarm;
  } catch (error) {
    await swarm.stop();
    throw error;
  }
}

class TeamSwarm implements Swarm {
  readonly peers: PeersNetwork;
  readonly farm: FarmHub;
  readonly #init: SwarmInit;
  readonly #host: Host;
  readonly #gater: TeamGater;
  readonly #addresses: MemberAddresses;
  readonly #dialer: Dialer;
  readonly #rendezvous: Rendezvous;
  readonly #door: DoorKeeper;
  readonly #onRefused = (reason: string, peer: string | undefined) =>
    this.#init.onEvent({ kind: 'refused', reason, peer });
  readonly #onTrouble = (what: string, error: unknown) =>
    this.#init.onEvent({ kind: 'trouble', what, error });
  #stopWatching = () => {};

  constructor(init: SwarmInit, host: Host, gater: TeamGater, addresses: MemberAddresses) {
    this.#init = init;
    this.#host = host;
    this.#gater = gater;
    this.#addresses = addresses;
    const { identity, config, clock, random } = init;
    this.farm = new FarmHub(clock);
    this.peers = this.#network();
    this.#dialer = new Dialer({
      host,
      self: identity.key,
      addresses,
      bootstrap: config.bootstrap.map(parseAddress),
      isMember: key => this.#isMember(key),
      isConnected: key => this.peers.isConnected(key),
      clock,
      random,
    });
    this.#rendezvous = new Rendezvous({
      host,
      teamId: init.ledger.teamId,
      clock,
      onFound: (member, texts) => {
        if (this.#learn(member, texts)) this.#dialer.learned(member);
      },
      onTrouble: this.#onTrouble,
    });
    this.#door = new DoorKeeper({
      identity,
      ledger: init.ledger,
      listen: config.doorListen,
      mdns: config.mdns,
      clock,
      random,
      knownAddresses: () => this.#knownAddresses(),
      onRefused: this.#onRefused,
      onWaiting: newcomer => init.onEvent({ kind: 'newcomer-waiting', newcomer }),
    });
  }

  async start(): Promise<void> {
    const { identity, ledger, clock } = this.#init;
    await this.peers.start();
    await serveJoin({
      host: this.#host,
      identity,
      ledger,
      gater: this.#gater,
      clock,
      knownAddresses: () => this.#knownAddresses(),
      onRefused: this.#onRefused,
    });
    this.#stopWatching = ledger.onChange(() => this.#onKeyringChanged());
    await this.#door.keep();
    this.#dialer.start();
    this.#rendezvous.start();
  }

  async stop(): Promise<void> {
    this.#stopWatching();
    this.#dialer.stop();
    this.#rendezvous.stop();
    this.peers.stop();
    await this.#door.stop();
    await this.#addresses.save();
    await this.#host.stop();
  }

  listenAddresses(): string[] {
    return this.#host.getMultiaddrs().map(String);
  }

  teamAddresses(): string[] {
    const teammates = new Set([...this.peers.connected(), ...this.#addresses.all().keys()]);
    const theirs = [...teammates].flatMap(member =>
      this.#addresses
        .of(member)
        .slice(0, addressesPerTeammate)
        .map(address => `${address}/p2p/${peerIdOf(member)}`),
    );
    // Most likely to be of use first: no other machine gets anywhere with a loopback address.
    const isLoopback = (address: string) => /^\/ip4\/127\.|^\/ip6\/::1\//.test(address);
    const own = this.listenAddresses().sort((a, b) => Number(isLoopback(a)) - Number(isLoopback(b)));
    return [...own.slice(0, ownAddressesMax), ...theirs];
  }

  doorAddresses(): string[] {
    return this.#door.addresses();
  }

  connectedMembers(): readonly MemberKey[] {
    return this.peers.connected();
  }

  waiting() {
    return this.#door.waiting();
  }

  async admit(newcomer: MemberKey, roles: readonly Role[]) {
    return this.#door.admit(newcomer, roles);
  }

  refuse(newcomer: MemberKey): boolean {
    return this.#door.refuse(newcomer);
  }

  /** mDNS showed this peer. Also news about a known address: the member is up. */
  onFound({ id, multiaddrs }: PeerInfo): void {
    const member = memberKeyOf(id);
    if (member === undefined || !this.#isTeammate(member)) return;
    this.#learn(member, multiaddrs.map(String));
    if (!this.peers.isConnected(member)) this.#dialer.learned(member);
  }

  #network(): PeersNetwork {
    const { ledger, clock, actionCache, blobStore, heldActions, onEvent } = this.#init;
    return new PeersNetwork({
      host: this.#host,
      gater: this.#gater,
      ledger,
      clock,
      farm: this.farm,
      source: {
        actionCache,
        blobStore,
        mayServe: ({ teamId, signer, createdAtMs, origin }) =>
          teamId === ledger.teamId && ledger.keyring().mayVouch(signer, createdAtMs, origin),
      },
      heldActions,
      knownAddresses: () => this.#knownAddresses(),
      onAddresses: told => {
        const isNews = [...told].map(([member, texts]) => this.#learn(member, texts)).includes(true);
        if (isNews) this.peers.tellAddresses();
      },
      onRefused: this.#onRefused,
      onTrouble: this.#onTrouble,
      onConnected: (member, addresses) => {
        for (const address of addresses) this.#addresses.worked(member, address);
        this.#rendezvous.onConnected();
        onEvent({ kind: 'member-connected', member });
      },
      onDisconnected: member => {
        if (this.#isMember(member)) this.#dialer.lost(member);
        onEvent({ kind: 'member-disconnected', member });
      },
    });
  }

  #onKeyringChanged(): void {
    this.#addresses.keepOnly(key => this.#isMember(key));
    this.peers.onKeyringChanged();
    this.#door.keep().catch(error => this.#onTrouble('the door', error));
  }

  /** Notes a teammate's addresses; whether any was new. */
  #learn(member: MemberKey, texts: readonly string[]): boolean {
    return this.#isTeammate(member) && this.#addresses.learn(member, texts);
  }

  /** Every live member's addresses, our own included. */
  #knownAddresses(): ReadonlyMap<MemberKey, readonly string[]> {
    const own = this.#host.getMultiaddrs().map(address => withoutPeerId(address).toString());
    return new Map([[this.#init.identity.key, own], ...this.#addresses.all()]);
  }

  #isMember(key: MemberKey): boolean {
    return this.#init.ledger.keyring().isMember(key);
  }

  #isTeammate(key: MemberKey): boolean {
    return key !== this.#init.identity.key && this.#isMember(key);
  }
}
