// A member (or a newcomer) that breaks every rule: refused, counted, and the machine goes on serving others.
import type { Connection, Stream } from '@libp2p/interface';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../node/libp2p/address.ts';
import { FramedStream } from '../../../node/libp2p/framed-stream.ts';
import type { Host } from '../../../node/libp2p/host.ts';
import { memberProtocols } from '../../../node/libp2p/member-session.ts';
import { realClock } from '../../../node/system/real-clock.ts';
import { encodeRecord } from '../../../src/actions/signed-record.ts';
import { digestOf } from '../../../src/digest.ts';
import { requestsPerPeerMax } from '../../../src/limits.ts';
import { HolderHints } from '../../../src/peers/holder-hints.ts';
import { PeerActionCache } from '../../../src/peers/peer-action-cache.ts';
import { PeerRanking } from '../../../src/peers/peer-ranking.ts';
import { UnclaimedBlobs } from '../../../src/peers/unclaimed-blobs.ts';
import { doorProtocol } from '../../../src/protocol/door.ts';
import { fetchProtocol, replyToWire, requestFromWire } from '../../../src/protocol/fetch.ts';
import { encodeFrame } from '../../../src/protocol/frames.ts';
import { inventoryMessages, inventoryProtocol, inventoryToWire } from '../../../src/protocol/inventory.ts';
import { joinProtocol } from '../../../src/protocol/join.ts';
import { ledgerSyncProtocol } from '../../../src/protocol/ledger-sync.ts';
import { buildInvite } from '../../../src/team/build-statement.ts';
import { generateIdentity } from '../../../src/team/identity.ts';
import { bareHost } from '../../support/bare-host.ts';
import { founderOf, holderFound, type Machine, machinesOfOneTeam, until } from '../../support/swarm-rig.ts';

const signal = () => AbortSignal.timeout(5_000);

/** A started machine, and a teammate of its that is a bare host connected to it. */
async function machineAndHostile(): Promise<{
  machine: Machine;
  hostile: Machine;
  /** A third member, not started. */
  good: Machine;
  host: Host;
  connection: Connection;
}> {
  const [machine, hostile, good] = (await machinesOfOneTeam(3)) as [Machine, Machine, Machine];
  await machine.start();
  const host = await bareHost(hostile.identity);
  const connection = await host.dial(parseAddress(machine.swarm.listenAddresses()[0]!));
  await machine.connectedTo(hostile);
  return { machine, hostile, good, host, connection };
}

const closed = (stream: Stream) => until(() => stream.status !== 'open');

const garbage = Buffer.concat([Buffer.from([0, 0, 0, 40]), Buffer.alloc(40, 0xff)]);
const oversized = Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3]);
const wrongMessage = encodeFrame(['what', 'is', 'this', 4]);

describe.each([...memberProtocols])('%s', protocol => {
  test.each([
    ['garbage', garbage, 'malformed-frame'],
    ['an oversized frame', oversized, 'oversized-frame'],
    ['a wrong message', wrongMessage, 'malformed-message'],
  ])('%s closes that stream, is counted, and others are served', async (_, bytes, reason) => {
    const { machine, good, connection } = await machineAndHostile();
    const stream = await connection.newStream(protocol, { signal: signal() });
    stream.send(bytes);
    await Promise.all([machine.refused(reason), closed(stream)]);
    await stillServes(machine, good);
  });
});

/** A good teammate connects and gets what it asks for. */
async function stillServes(machine: Machine, good: Machine): Promise<void> {
  const record = await machine.keep('main.c', Buffer.from('object'));
  await good.start({ bootstrap: machine.swarm.listenAddresses() });
  await holderFound(good, record.action);
  const reply = await good.swarm.peers.requestRecords(machine.key, record.action, signal());
  expect(reply.records).toEqual([record]);
}

test('more requests at once than allowed are answered with busy, not queued without end', async () => {
  const { machine, connection } = await machineAndHostile();
  machine.actionCache.get = () => new Promise(() => {});
  const stream = await connection.newStream(fetchProtocol, { signal: signal() });
  let busy = 0;
  const framed = new FramedStream({ stream, onFrame: () => busy++, onEnd: () => {} });
  for (let id = 0; id < requestsPerPeerMax + 5; id++) await framed.send([id, 'records', digestOf('x')]);
  await until(() => busy === 5);
  await framed.send([0, 'records', digestOf('x')]);
  await machine.refused('reused-request-id');
});

test('statements that are no statements are refused one by one, and the stream goes on', async () => {
  const { machine, connection } = await machineAndHostile();
  const stream = await connection.newStream(ledgerSyncProtocol, { signal: signal() });
  stream.send(encodeFrame(['statements', [Buffer.from('not a statement')]]));
  await machine.refused('bad-statement');
  expect(stream.status).toBe('open');
});

describe('answers of a lying holder', () => {
  /** A machine that finds `hostile` as the holder of an action and gets these answers from it. */
  async function liar(answer: (id: number, hostile: Machine) => Promise<unknown> | unknown) {
    const { machine, hostile, host, connection } = await machineAndHostile();
    await host.handle(fetchProtocol, stream => {
      const framed = new FramedStream({
        stream,
        onEnd: () => {},
        onFrame: async value => {
          const request = requestFromWire(value);
          if (request.kind !== 'cancel') framed.post(await answer(request.id, hostile));
        },
      });
    });
    const announcement = await connection.newStream(inventoryProtocol, { signal: signal() });
    for (const message of inventoryMessages([action]))
      announcement.send(encodeFrame(inventoryToWire(message)));
    await holderFound(machine, action);
    return { machine, hostile };
  }
  const action = digestOf('main.c');

  test('a record with one bit flipped is refused', async () => {
    const { machine, hostile } = await liar(async (id, from) => {
      const flipped = encodeRecord(await from.keep('main.c', Buffer.from('object')));
      flipped[40]! ^= 1;
      return replyToWire({ kind: 'records', id, records: [flipped], blobs: new Map() });
    });
    const reply = await machine.swarm.peers.requestRecords(hostile.key, action, signal());
    expect(reply.records).toEqual([]);
    await machine.refused('bad-record');
  });

  test('a record of another action is refused', async () => {
    const { machine, hostile } = await liar(async (id, from) => {
      const other = encodeRecord(await from.keep('other.c', Buffer.from('object')));
      return replyToWire({ kind: 'records', id, records: [other], blobs: new Map() });
    });
    expect((await machine.swarm.peers.requestRecords(hostile.key, action, signal())).records).toEqual([]);
    await machine.refused('wrong-record');
  });

  test('blobs that came along with a flipped bit, or unasked, are refused', async () => {
    const object = Buffer.from('object');
    const { machine, hostile } = await liar(async (id, from) => {
      const record = encodeRecord(await from.keep('main.c', object));
      const blobs = new Map([
        [digestOf(object), Buffer.from('Object')],
        [digestOf('unasked'), Buffer.from('unasked')],
      ]);
      return replyToWire({ kind: 'records', id, records: [record], blobs });
    });
    const reply = await machine.swarm.peers.requestRecords(hostile.key, action, signal());
    expect([reply.records.length, reply.blobs.size]).toEqual([1, 0]);
    await Promise.all([machine.refused('blob-mismatch'), machine.refused('unasked-blob')]);
  });

  test('a blob with one bit flipped is refused, and so is one that is too long', async () => {
    const { machine, hostile } = await liar(id =>
      replyToWire({ kind: 'chunk', id, bytes: Buffer.from('Object') }),
    );
    const ask = (text: string) => machine.swarm.peers.requestBlob(hostile.key, digestOf(text), signal());
    await expect(ask('object')).rejects.toThrow();
    await machine.refused('blob-mismatch');
    await expect(ask('obj')).rejects.toThrow();
    await machine.refused('oversized-blob');
  });

  test('a holder that never answers costs one deadline, then nothing', async () => {
    let asked = 0;
    const { machine } = await liar(() => {
      asked += 1;
      return new Promise(() => {});
    });
    const cache = new PeerActionCache({
      peers: machine.swarm.peers,
      clock: realClock,
      ranking: new PeerRanking(realClock),
      hints: new HolderHints(),
      unclaimed: new UnclaimedBlobs(),
      deadlineMs: 100,
    });
    expect(await cache.get(action)).toEqual([]);
    expect(await cache.get(action)).toEqual([]);
    expect(asked).toBe(1);
  });
});

describe('people who are no members', () => {
  test("an invite's holder reaches the join protocol and nothing else", async () => {
    const founder = await (await founderOf('acme')).start();
    const invite = generateIdentity();
    const expiresAtMs = Date.now() + 60_000;
    const author = { identity: founder.identity, ledger: founder.ledger, nowMs: Date.now() };
    await founder.ledger.addOwn(
      buildInvite(author, { invite: invite.key, roles: ['reader'], expiresAtMs, usesMax: 1 }),
    );
    const host = await bareHost(invite);
    const connection = await host.dial(parseAddress(founder.swarm.listenAddresses()[0]!));
    for (const protocol of [...memberProtocols, `/p2pcache/${founder.ledger.teamId}/kad/1.0.0`]) {
      const stream = await connection.newStream(protocol, { signal: signal() });
      await closed(stream);
    }
    await founder.refused('stranger-request');
    const stream = await connection.newStream(joinProtocol, { signal: signal() });
    stream.send(garbage);
    await founder.refused('malformed-frame');
    expect(founder.ledger.keyring().members.size).toBe(1);
  });

  test.each([
    ['garbage', garbage, 'malformed-frame'],
    ['an oversized frame', Buffer.from([0, 2, 0, 0]), 'oversized-frame'],
    ['a wrong message', wrongMessage, 'malformed-message'],
  ])('at the door: %s', async (_, bytes, reason) => {
    const founder = await (await founderOf('acme')).start({ doorListen: ['127.0.0.1:0'] });
    const host = await bareHost();
    const connection = await host.dial(parseAddress(founder.swarm.doorAddresses()[0]!));
    const stream = await connection.newStream(doorProtocol, { signal: signal() });
    stream.send(bytes);
    await founder.refused(reason);
    expect(founder.swarm.waiting()).toEqual([]);
  });
});
