// Machines of one team in one process: real libp2p hosts on loopback ports, memory stores, no mDNS unless asked for.
import { onTestFinished } from 'vitest';
import { startSwarm } from '../../node/libp2p/swarm.ts';
import type { AddressBook, Swarm, SwarmConfig, SwarmEvent } from '../../node/libp2p/swarm-api.ts';
import { realClock } from '../../node/system/real-clock.ts';
import { systemRandom } from '../../node/system/system-random.ts';
import { MemoryActionCache } from '../../src/actions/memory-action-cache.ts';
import { type SignedRecord, signRecord } from '../../src/actions/signed-record.ts';
import { type Digest, digestOf, emptyDigest } from '../../src/digest.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';
import { foundTeam } from '../../src/team/build-statement.ts';
import { generateIdentity, type Identity, type MemberKey } from '../../src/team/identity.ts';
import { Ledger } from '../../src/team/ledger.ts';
import { MemoryLedgerStore } from '../../src/team/ledger-store.ts';
import type { StatementId } from '../../src/team/statement.ts';
import { TestTeam } from './team.ts';

export class MemoryAddressBook implements AddressBook {
  saved: ReadonlyMap<MemberKey, readonly string[]> = new Map();

  load(): Promise<ReadonlyMap<MemberKey, readonly string[]>> {
    return Promise.resolve(this.saved);
  }

  save(addresses: ReadonlyMap<MemberKey, readonly string[]>): Promise<void> {
    this.saved = new Map(addresses);
    return Promise.resolve();
  }
}

export class Machine {
  readonly identity: Identity;
  readonly ledger: Ledger;
  readonly actionCache = new MemoryActionCache();
  readonly blobStore = new MemoryBlobStore();
  readonly addressBook = new MemoryAddressBook();
  readonly events: SwarmEvent[] = [];
  readonly #watchers = new Set<() => void>();
  #swarm: Swarm | undefined;

  constructor(identity: Identity, ledger: Ledger) {
    this.identity = identity;
    this.ledger = ledger;
  }

  get swarm(): Swarm {
    if (this.#swarm === undefined) throw new Error('not started');
    return this.#swarm;
  }

  get key(): MemberKey {
    return this.identity.key;
  }

  /** Starts its swarm; it stops with the test. */
  async start(config: Partial<SwarmConfig> = {}, clock: Clock = realClock): Promise<this> {
    this.#swarm = await startSwarm({
      identity: this.identity,
      ledger: this.ledger,
      actionCache: this.actionCache,
      blobStore: this.blobStore,
      heldActions: () => this.actionCache.actions(),
      addressBook: this.addressBook,
      config: { listen: ['127.0.0.1:0'], bootstrap: [], mdns: false, doorListen: [], ...config },
      clock,
      random: systemRandom,
      onEvent: event => {
        this.events.push(event);
        for (const watcher of this.#watchers) watcher();
      },
    });
    onTestFinished(() => this.stop());
    return this;
  }

  async stop(): Promise<void> {
    const swarm = this.#swarm;
    this.#swarm = undefined;
    await swarm?.stop();
  }

  /** Resolves with the first event, past or future, that passes. */
  event<Kind extends SwarmEvent['kind']>(
    kind: Kind,
    passes: (event: Extract<SwarmEvent, { kind: Kind }>) => boolean = () => true,
  ): Promise<Extract<SwarmEvent, { kind: Kind }>> {
    return new Promise(resolve => {
      const look = () => {
        for (const event of this.events) {
          const one = event as Extract<SwarmEvent, { kind: Kind }>;
          if (event.kind !== kind || !passes(one)) continue;
          this.#watchers.delete(look);
          return resolve(one);
        }
      };
      this.#watchers.add(look);
      look();
    });
  }

  connectedTo(other: Machine): Promise<unknown> {
    return this.event('member-connected', ({ member }) => member === other.key);
  }

  refused(reason: string): Promise<unknown> {
    return this.event('refused', event => event.reason === reason);
  }

  /** Keeps a record with one output of these bytes, signed by this machine, and announces it. */
  async keep(name: string, output: Uint8Array, teamId: string = this.ledger.teamId): Promise<SignedRecord> {
    const digest = digestOf(output);
    const record = signRecord(this.identity, {
      teamId,
      kind: 'result',
      action: digestOf(name),
      result: {
        outputFiles: [{ path: 'out.o', digest, isExecutable: false }],
        stdout: emptyDigest,
        stderr: emptyDigest,
        exitCode: 0,
      },
      origin: 'local',
      durationMs: 1_000,
      createdAtMs: Date.now(),
    });
    await this.blobStore.put(digest, output);
    await this.actionCache.put(record);
    this.#swarm?.peers.announce([record.action]);
    return record;
  }
}

/** Checks again each turn of the event loop; a test that waits in vain runs into its own timeout. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5));
}

export async function holderFound(machine: Machine, action: Digest): Promise<void> {
  await until(() => machine.swarm.peers.holdersOf(action).length > 0);
}

/** A team of `count` machines that all know the whole ledger; the first is its founder. Not started. */
export async function machinesOfOneTeam(count: number): Promise<Machine[]> {
  const identities = Array.from({ length: count }, () => generateIdentity());
  const founder = identities[0]!;
  const team = await TestTeam.found(founder);
  for (const [index, identity] of identities.entries()) {
    if (index > 0) await team.admit(founder, identity, `machine-${index}`, ['reader', 'writer', 'worker']);
  }
  return Promise.all(identities.map(async identity => new Machine(identity, await copyOf(team.ledger))));
}

/** The founder of a new team, alone. Not started. */
export async function founderOf(teamName: string, name = 'founder'): Promise<Machine> {
  const identity = generateIdentity();
  const found = foundTeam(identity, { teamName, name, nowMs: Date.now() });
  const ledger = await Ledger.open(found.id, new MemoryLedgerStore());
  await ledger.addOwn(found);
  return new Machine(identity, ledger);
}

/** The ledger that a machine opens from what it was handed on joining. */
export async function ledgerOf(teamId: string, statements: readonly Uint8Array[]): Promise<Ledger> {
  const ledger = await Ledger.open(teamId as StatementId, new MemoryLedgerStore());
  await ledger.add(statements);
  return ledger;
}

function copyOf(ledger: Ledger): Promise<Ledger> {
  return ledgerOf(ledger.teamId, ledger.missing([]));
}
