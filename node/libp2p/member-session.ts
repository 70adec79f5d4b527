// Everything that goes on with one connected teammate: our four streams to it, and its streams to us.
import type { Stream } from '@libp2p/interface';
import type { Digest } from '../../src/digest.ts';
import type { Inventory } from '../../src/peers/inventory.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { farmProtocol } from '../../src/protocol/farm.ts';
import { fetchProtocol } from '../../src/protocol/fetch.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';
import {
  inventoryFromWire,
  inventoryMessages,
  inventoryProtocol,
  inventoryToWire,
} from '../../src/protocol/inventory.ts';
import { ledgerSyncProtocol } from '../../src/protocol/ledger-sync.ts';
import {
  type MemberAddresses,
  membersFromWire,
  membersProtocol,
  membersToWire,
} from '../../src/protocol/members.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import type { Ledger } from '../../src/team/ledger.ts';
import type { FarmClient } from './farm-client.ts';
import type { FarmHub } from './farm-hub.ts';
import { FetchClient } from './fetch-client.ts';
import { FetchServer, type FetchSource } from './fetch-server.ts';
import { FramedStream } from './framed-stream.ts';
import type { Host } from './host.ts';
import { KeptStream } from './kept-stream.ts';
import { LedgerExchange } from './ledger-exchange.ts';
import type { OnRefused } from './team-gater.ts';

export interface MemberSessionInit {
  readonly host: Host;
  readonly member: MemberKey;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly inventory: Inventory;
  readonly farm: FarmHub;
  readonly source: FetchSource;
  readonly heldActions: () => Iterable<Digest>;
  /** Members' addresses to tell, our own included. */
  readonly knownAddresses: () => MemberAddresses;
  readonly onAddresses: (addresses: MemberAddresses) => void;
  readonly onRefused: OnRefused;
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** The protocols that members speak, and may open one stream of each. */
export const memberProtocols = [
  fetchProtocol,
  inventoryProtocol,
  ledgerSyncProtocol,
  membersProtocol,
  farmProtocol,
];

export class MemberSession {
  readonly fetch: FetchClient;
  readonly #init: MemberSessionInit;
  readonly #ledgerExchange: LedgerExchange;
  readonly #fetchStream: KeptStream;
  readonly #inventoryStream: KeptStream;
  readonly #ledgerStream: KeptStream;
  readonly #membersStream: KeptStream;
  readonly #farmStream: KeptStream;
  readonly #farm: FarmClient;
  readonly #inbound = new Map<string, FramedStream>();
  #heardAtMs: number;

  constructor(init: MemberSessionInit) {
    this.#init = init;
    const { member, clock, ledger, onRefused, onTrouble } = init;
    this.#heardAtMs = clock.nowMs();
    const common = { host: init.host, member, clock, onRefused };
    this.fetch = new FetchClient({
      clock,
      send: async (request, signal) => (await this.#fetchStream.opened(signal)).send(request),
      onRefused: reason => onRefused(reason, member),
    });
    this.#ledgerExchange = new LedgerExchange({
      ledger,
      clock,
      post: message => this.#ledgerStream.current?.post(message),
      onRefused: reason => onRefused(reason, member),
      onTrouble: error => onTrouble('adding statements', error),
    });
    this.#fetchStream = new KeptStream({
      ...common,
      protocol: fetchProtocol,
      onFrame: value => this.fetch.onFrame(value),
      onEnd: error => this.fetch.onEnd(error),
    });
    this.#inventoryStream = new KeptStream({
      ...common,
      protocol: inventoryProtocol,
      onOpen: stream => void this.#sendSnapshot(stream),
    });
    this.#ledgerStream = new KeptStream({
      ...common,
      protocol: ledgerSyncProtocol,
      onOpen: () => this.#ledgerExchange.start(),
    });
    this.#membersStream = new KeptStream({
      ...common,
      protocol: membersProtocol,
      onOpen: () => this.tellAddresses(),
    });
    this.#farm = init.farm.connect(member, message => {
      this.#farmStream.current?.post(message);
      return this.#farmStream.current !== undefined;
    });
    this.#farmStream = new KeptStream({
      ...common,
      protocol: farmProtocol,
      onOpen: () => this.#farm.onOpen(),
      onFrame: value => this.#farm.onFrame(value),
      onEnd: error => this.#farm.onEnd(error),
    });
  }

  /** Takes a stream that the member opened. A second one of a protocol takes the first one's place: the member lost that. */
  accept(protocol: string, stream: Stream, isMember: () => boolean): void {
    const { member, source, farm, onRefused } = this.#init;
    const working =
      protocol === farmProtocol ? farm.serve(member, message => framed.post(message)) : undefined;
    const server = new FetchServer(source, isMember, reply => framed.send(reply));
    const handlers: Record<string, (value: unknown) => void> = {
      [fetchProtocol]: value => server.onFrame(value),
      [inventoryProtocol]: value => this.#onInventory(value),
      [ledgerSyncProtocol]: value => this.#ledgerExchange.onFrame(value),
      [membersProtocol]: value => this.#init.onAddresses(membersFromWire(value)),
      [farmProtocol]: value => working?.onFrame(value),
    };
    const framed = new FramedStream({
      stream,
      onFrame: value => {
        if (!isMember()) throw new ProtocolError('revoked-request', 'the member was revoked');
        this.heard();
        handlers[protocol]?.(value);
      },
      onEnd: error => {
        server.stop();
        if (working !== undefined) farm.leave(working);
        if (this.#inbound.get(protocol) === framed) this.#inbound.delete(protocol);
        if (error instanceof ProtocolError) onRefused(error.reason, member);
      },
    });
    const earlier = this.#inbound.get(protocol);
    this.#inbound.set(protocol, framed);
    earlier?.abort(new Error('replaced by a newer stream'));
    working?.tellOffer();
  }

  /** Tells the member that we now hold these. */
  announce(actions: readonly Digest[]): void {
    for (const message of inventoryMessages(actions))
      this.#inventoryStream.current?.post(inventoryToWire(message));
  }

  /** Tells the member that this machine lives. */
  pulse(): void {
    this.#inventoryStream.current?.post(inventoryToWire({ kind: 'alive' }));
  }

  /** How long it is since the member was heard, in milliseconds. */
  get silentMs(): number {
    return this.#init.clock.nowMs() - this.#heardAtMs;
  }

  /** It lives, or is to be given the time to say so. */
  heard(): void {
    this.#heardAtMs = this.#init.clock.nowMs();
  }

  /** Sends statements that the member lacks. */
  tellNews(): void {
    this.#ledgerExchange.sendNews();
  }

  tellAddresses(): void {
    this.#membersStream.current?.post(membersToWire(this.#init.knownAddresses()));
  }

  stop(): void {
    for (const stream of [
      this.#fetchStream,
      this.#inventoryStream,
      this.#ledgerStream,
      this.#membersStream,
      this.#farmStream,
    ])
      stream.stop();
    this.#init.farm.disconnect(this.#init.member, this.#farm);
    for (const stream of [...this.#inbound.values()]) stream.abort(new Error('the member has left'));
    this.#init.inventory.forget(this.#init.member);
  }

  #onInventory(value: unknown): void {
    const { inventory, member } = this.#init;
    const message = inventoryFromWire(value);
    if (message.kind === 'restart') inventory.forget(member);
    else if (message.kind === 'keys') inventory.add(member, message.keys);
  }

  /** All that we hold, as fast as the member reads it; announcements made meanwhile go in between. */
  async #sendSnapshot(stream: FramedStream): Promise<void> {
    try {
      stream.post(inventoryToWire({ kind: 'restart' }));
      // Read in one go: the store may change while the member reads slowly.
      const messages = [...inventoryMessages(this.#init.heldActions())];
      for (const message of messages) await stream.send(inventoryToWire(message));
    } catch (error) {
      if (stream.isOpen) this.#init.onTrouble('sending the inventory', error);
    }
  }
}
