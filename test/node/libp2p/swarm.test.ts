// Two and three machines over real connections: what crosses, who is refused, what a revocation does.
import { expect, test } from 'vitest';
import { parseAddress } from '../../../node/libp2p/address.ts';
import { digestOf } from '../../../src/digest.ts';
import { memberSilenceMsMax, strangerConnectionMsMax } from '../../../src/limits.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { buildInvite, buildRevoke } from '../../../src/team/build-statement.ts';
import { generateIdentity } from '../../../src/team/identity.ts';
import { bareHost } from '../../support/bare-host.ts';
import { founderOf, holderFound, type Machine, machinesOfOneTeam, until } from '../../support/swarm-rig.ts';

const signal = () => AbortSignal.timeout(5_000);

async function connectedPair(): Promise<[Machine, Machine]> {
  const [a, b] = (await machinesOfOneTeam(2)) as [Machine, Machine];
  await a.start();
  await b.start({ bootstrap: a.swarm.listenAddresses() });
  await Promise.all([a.connectedTo(b), b.connectedTo(a)]);
  return [a, b];
}

test('a record, its small blob and the announcement cross', async () => {
  const [a, b] = await connectedPair();
  const record = await a.keep('main.c', Buffer.from('object code'));
  await holderFound(b, record.action);
  expect(b.swarm.peers.holdersOf(record.action)).toEqual([a.key]);

  const reply = await b.swarm.peers.requestRecords(a.key, record.action, signal());
  expect(reply.records).toEqual([record]);
  expect([...reply.blobs.values()].map(bytes => Buffer.from(bytes).toString())).toEqual(['object code']);
});

test('what was held before connecting is announced by the snapshot', async () => {
  const [a, b] = (await machinesOfOneTeam(2)) as [Machine, Machine];
  const record = await a.keep('main.c', Buffer.from('object code'));
  await a.start();
  await b.start({ bootstrap: a.swarm.listenAddresses() });
  await holderFound(b, record.action);
});

test('a large blob crosses whole while small requests pass between its pieces', async () => {
  const [a, b] = await connectedPair();
  const large = Buffer.alloc(48 * 1024 * 1024, 'large');
  const { result } = await a.keep('large.c', large);
  const small = await a.keep('small.c', Buffer.from('small'));
  const digest = result.outputFiles[0]!.digest;

  let isLargeDone = false;
  const fetched = b.swarm.peers.requestBlob(a.key, digest, AbortSignal.timeout(15_000)).then(bytes => {
    isLargeDone = true;
    return bytes;
  });
  const reply = await b.swarm.peers.requestRecords(a.key, small.action, signal());
  expect(reply.records).toHaveLength(1);
  expect(isLargeDone).toBe(false);
  expect(digestOf((await fetched)!)).toBe(digest);
});

test('what a member does not have is undefined or empty, not an error', async () => {
  const [a, b] = await connectedPair();
  expect(await b.swarm.peers.requestBlob(a.key, digestOf('nothing'), signal())).toBeUndefined();
  expect((await b.swarm.peers.requestRecords(a.key, digestOf('nothing'), signal())).records).toEqual([]);
});

test('records of other teams and of the revoked are not passed on', async () => {
  const [a, b] = await connectedPair();
  const foreign = await a.keep('main.c', Buffer.from('object code'), 'another-team');
  await holderFound(b, foreign.action);
  expect((await b.swarm.peers.requestRecords(a.key, foreign.action, signal())).records).toEqual([]);
});

test('a stranger is refused at the connection, inbound and outbound', async () => {
  const [a] = (await machinesOfOneTeam(1)) as [Machine];
  await a.start();
  const stranger = await founderOf('other');
  const addresses = a.swarm.listenAddresses().map(address => address.replace(/\/p2p\/.*/, ''));
  await stranger.start({ bootstrap: addresses });
  await Promise.all([stranger.refused('stranger-answered'), a.refused('stranger-connection')]);
  expect(a.swarm.connectedMembers()).toEqual([]);
  expect(stranger.swarm.connectedMembers()).toEqual([]);
});

test('a revoked member is disconnected at once and told, and cannot come back', async () => {
  const [a, b] = await connectedPair();
  await Promise.all([crossed(a, b), crossed(b, a)]);
  const author = { identity: a.identity, ledger: a.ledger, nowMs: Date.now() };
  await a.ledger.addOwn(buildRevoke(author, b.key));
  await Promise.all([a.event('member-disconnected'), until(() => b.ledger.keyring().isRevoked(b.key))]);
  expect(a.swarm.connectedMembers()).toEqual([]);
  await expect(b.swarm.peers.requestRecords(a.key, digestOf('x'), signal())).rejects.toThrow();
  await a.refused('revoked-connection');
});

test('a revocation reaches a member that only a third one is connected to', async () => {
  const [a, b, c] = (await machinesOfOneTeam(3)) as [Machine, Machine, Machine];
  await a.start();
  await b.start({ bootstrap: a.swarm.listenAddresses() });
  await c.start({ bootstrap: b.swarm.listenAddresses() });
  await b.connectedTo(c);
  const gone = generateIdentity().key;
  await a.ledger.addOwn(buildRevoke({ identity: a.identity, ledger: a.ledger, nowMs: Date.now() }, gone));
  await until(() => c.ledger.keyring().isRevoked(gone));
});

test('one known address leads to all members', async () => {
  const [a, b, c] = (await machinesOfOneTeam(3)) as [Machine, Machine, Machine];
  await a.start();
  await b.start({ bootstrap: a.swarm.listenAddresses() });
  await c.start({ bootstrap: a.swarm.listenAddresses() });
  await Promise.all([b.connectedTo(c), c.connectedTo(b)]);
});

test('a restarted member finds the team by what it remembered', async () => {
  const [a, b] = await connectedPair();
  await until(() => b.swarm.connectedMembers().length === 1);
  await b.stop();
  b.events.length = 0;
  await b.start();
  await b.connectedTo(a);
});

test('whoever lives stays connected, and whoever is frozen is let go', async () => {
  const [a, b, c] = (await machinesOfOneTeam(3)) as [Machine, Machine, Machine];
  const frozen = quickClock();
  await a.start({}, quickClock());
  await b.start({ bootstrap: a.swarm.listenAddresses() }, quickClock());
  await c.start({ bootstrap: a.swarm.listenAddresses() }, frozen);
  await Promise.all([a.connectedTo(b), a.connectedTo(c), c.connectedTo(a)]);
  await Promise.all([crossed(c, a), crossed(a, c)]);
  frozen.freeze();
  await a.event('member-disconnected', ({ member }) => member === c.key);
  await new Promise(resolve => setTimeout(resolve, (2 * memberSilenceMsMax) / quickness));
  const lost = [...a.events, ...b.events].flatMap(event =>
    event.kind === 'member-disconnected' ? [event.member] : [],
  );
  expect(new Set(lost)).toEqual(new Set([c.key]));
});

test('whoever holds an invite and does not join is let go in time', async () => {
  const founder = await (await founderOf('acme')).start({}, quickClock());
  const [invite, nowMs] = [generateIdentity(), Date.now()];
  const author = { identity: founder.identity, ledger: founder.ledger, nowMs };
  const terms = { roles: ['reader'] as const, expiresAtMs: nowMs + 3_600_000, usesMax: 1 };
  await founder.ledger.addOwn(buildInvite(author, { invite: invite.key, ...terms }));
  const host = await bareHost(invite);
  const connection = await host.dial(parseAddress(founder.swarm.listenAddresses()[0]!));
  const openMs = () => quickness * (Date.now() - connection.timeline.open);
  await until(() => openMs() > strangerConnectionMsMax / 2);
  expect(connection.status).toBe('open');
  await until(() => connection.status !== 'open');
  expect(openMs()).toBeGreaterThan(strangerConnectionMsMax / 2);
});

test('a port that is taken is a coded error', async () => {
  const [a] = (await machinesOfOneTeam(1)) as [Machine];
  await a.start();
  const other = await founderOf('other');
  const [address] = a.swarm.listenAddresses();
  const port = /tcp\/(\d+)/.exec(address!)![1];
  await expect(other.start({ listen: [`127.0.0.1:${port}`] })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  await expect(other.start({ listen: ['not an address'] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

const quickness = 40;

/** A clock that runs so many times too fast, until it is frozen. */
function quickClock(): Clock & { freeze(): void } {
  let isFrozen = false;
  const begunMs = Date.now();
  return {
    nowMs: () => begunMs + quickness * (Date.now() - begunMs),
    schedule: (delayMs, callback) => {
      const timer = setTimeout(() => isFrozen || callback(), delayMs / quickness);
      return () => clearTimeout(timer);
    },
    freeze: () => {
      isFrozen = true;
    },
  };
}

/** All streams from one to the other have been used: an answer came back and an announcement arrived. */
async function crossed(from: Machine, to: Machine): Promise<void> {
  const record = await from.keep(`crossing-${from.key}`, Buffer.from('crossing'));
  await holderFound(to, record.action);
  await to.swarm.peers.requestRecords(from.key, record.action, signal());
}
