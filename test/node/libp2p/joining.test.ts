// Both ways into a team over real connections: an invite through any member, and the door with its phrase.
import { expect, onTestFinished, test } from 'vitest';
import { findTeams, joinByInvite, knock } from '../../../node/libp2p/swarm.ts';
import type { Admission, FoundTeam, JoinInit } from '../../../node/libp2p/swarm-api.ts';
import { realClock } from '../../../node/system/real-clock.ts';
import { systemRandom } from '../../../node/system/system-random.ts';
import { buildInvite, buildRevoke } from '../../../src/team/build-statement.ts';
import { generateIdentity, type Identity } from '../../../src/team/identity.ts';
import { encodeInviteLine } from '../../../src/team/invite-line.ts';
import { founderOf, ledgerOf, Machine, machinesOfOneTeam } from '../../support/swarm-rig.ts';

const signal = () => AbortSignal.timeout(15_000);

function newcomer(name = 'desk-2', identity = generateIdentity()): JoinInit {
  return { identity, name, clock: realClock, random: systemRandom, signal: signal() };
}

/** Makes an invite at `admin` and the line that leads to `through`. */
async function inviteLine(
  admin: Machine,
  through: Machine,
  invite: { uses?: number; expiresMs?: number } = {},
) {
  const key = generateIdentity();
  const expiresAtMs = Date.now() + (invite.expiresMs ?? 60_000);
  const author = {
    identity: admin.identity,
    ledger: admin.ledger,
    nowMs: Math.min(Date.now(), expiresAtMs - 1),
  };
  const body = {
    invite: key.key,
    roles: ['reader', 'writer'] as const,
    expiresAtMs,
    usesMax: invite.uses ?? 1,
  };
  await admin.ledger.addOwn(buildInvite(author, body));
  const { teamId } = admin.ledger;
  const { teamName } = admin.ledger.keyring();
  const addresses = through.swarm.listenAddresses();
  // The line itself does not say that it expired, so that the member has to.
  const line = encodeInviteLine({
    teamId,
    teamName,
    seed: key.seed,
    expiresAtMs: Date.now() + 60_000,
    addresses,
  });
  return { line, key };
}

async function machineOf(identity: Identity, { teamId, statements, addresses }: Admission): Promise<Machine> {
  const machine = new Machine(identity, await ledgerOf(teamId, statements));
  machine.addressBook.saved = addresses;
  return machine;
}

test('an invite lets a machine in through a member that is no admin while the founder is off', async () => {
  const [founder, member] = (await machinesOfOneTeam(2)) as [Machine, Machine];
  await founder.start();
  await member.start({ bootstrap: founder.swarm.listenAddresses() });
  await member.connectedTo(founder);
  const { line, key } = await inviteLine(founder, member);
  await knows(member, key);
  await founder.stop();

  const init = newcomer();
  const admission = await joinByInvite(line, { ...init, mdns: false });
  const machine = await machineOf(init.identity, admission);
  expect(machine.ledger.keyring().members.get(machine.key)).toMatchObject({
    name: 'desk-2',
    admittedBy: member.key,
    roles: ['reader', 'writer'],
  });
  await machine.start();
  await Promise.all([machine.connectedTo(member), member.connectedTo(machine)]);
});

test('joining again with the same key is answered again and spends no second use', async () => {
  const founder = await (await founderOf('acme')).start();
  const { line } = await inviteLine(founder, founder);
  const init = newcomer();
  await joinByInvite(line, { ...init, mdns: false });
  const again = await joinByInvite(line, { ...init, mdns: false });
  expect((await machineOf(init.identity, again)).ledger.keyring().isMember(init.identity.key)).toBe(true);
});

test.each([
  ['used', { uses: 1 }, /used already/],
  ['expired', { expiresMs: -1_000 }, /expired/],
  ['revoked', {}, /revoked/],
])('an invite that is %s is refused with the reason', async (how, invite, reason) => {
  const founder = await (await founderOf('acme')).start();
  const { line, key } = await inviteLine(founder, founder, invite);
  if (how === 'used') await joinByInvite(line, { ...newcomer('desk-1'), mdns: false });
  const author = { identity: founder.identity, ledger: founder.ledger, nowMs: Date.now() };
  if (how === 'revoked') await founder.ledger.addOwn(buildRevoke(author, key.key));
  await expect(joinByInvite(line, { ...newcomer(), mdns: false })).rejects.toMatchObject({
    code: 'INVITE_REFUSED',
    message: expect.stringMatching(reason),
  });
  expect(founder.ledger.keyring().members.size).toBe(how === 'used' ? 2 : 1);
});

test("another team's member does not know the invite", async () => {
  const founder = await (await founderOf('acme')).start();
  const other = await (await founderOf('other')).start();
  const { line } = await inviteLine(founder, other);
  await expect(joinByInvite(line, { ...newcomer(), mdns: false })).rejects.toMatchObject({
    code: 'INVITE_REFUSED',
  });
});

test('nobody there is UNREACHABLE; a damaged line is BAD_INPUT', async () => {
  const founder = await (await founderOf('acme')).start();
  const { line } = await inviteLine(founder, founder);
  await founder.stop();
  await expect(joinByInvite(line, { ...newcomer(), mdns: false })).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
  await expect(joinByInvite(line.slice(0, -4), { ...newcomer(), mdns: false })).rejects.toMatchObject({
    code: 'BAD_INPUT',
  });
});

const open = { doorListen: ['127.0.0.1:0'] };

async function doorOf(machine: Machine): Promise<FoundTeam> {
  const [address] = machine.swarm.doorAddresses();
  const [team] = await findTeams({
    timeoutMs: 1_000,
    address: address!,
    mdns: false,
    clock: realClock,
    signal: signal(),
  });
  return team!;
}

test('a newcomer at the door: found, same phrase on both sides, admitted, connected', async () => {
  const founder = await (await founderOf('acme', 'desk-1')).start(open);
  const team = await doorOf(founder);
  expect(team).toMatchObject({ teamId: founder.ledger.teamId, teamName: 'acme', memberName: 'desk-1' });

  const init = newcomer();
  const phrases: string[] = [];
  const admitted = knock(team, { ...init, onPhrase: phrase => phrases.push(phrase) });
  const { newcomer: waiting } = await founder.event('newcomer-waiting');
  expect(waiting).toMatchObject({ key: init.identity.key, name: 'desk-2' });
  expect(founder.swarm.waiting()).toEqual([waiting]);
  await founder.swarm.admit(waiting.key, ['reader', 'writer']);
  const machine = await machineOf(init.identity, await admitted);
  expect(phrases).toEqual([waiting.phrase]);
  expect(founder.swarm.waiting()).toEqual([]);
  await machine.start();
  await Promise.all([machine.connectedTo(founder), founder.connectedTo(machine)]);
});

test.each(['127.0.0.1', 'localhost'])('a door is found by %s and its port', async host => {
  const founder = await (await founderOf('acme')).start(open);
  const port = /tcp\/(\d+)/.exec(founder.swarm.doorAddresses()[0]!)![1];
  const found = await findTeams({
    timeoutMs: 1,
    address: `${host}:${port}`,
    mdns: false,
    clock: realClock,
    signal: signal(),
  });
  expect(found).toMatchObject([{ teamName: 'acme', teamId: founder.ledger.teamId }]);
});

test('a newcomer that is refused is told; one that leaves waits no longer', async () => {
  const founder = await (await founderOf('acme')).start(open);
  const team = await doorOf(founder);
  const init = newcomer();
  const refused = knock(team, { ...init, onPhrase: () => {} });
  const { newcomer: waiting } = await founder.event('newcomer-waiting');
  expect(founder.swarm.refuse(waiting.key)).toBe(true);
  await expect(refused).rejects.toMatchObject({ code: 'NOT_ALLOWED' });

  const leaving = new AbortController();
  const left = knock(team, {
    ...newcomer('desk-3'),
    signal: leaving.signal,
    onPhrase: () => leaving.abort(new Error('left')),
  });
  await expect(left).rejects.toThrow('left');
  await expect.poll(() => founder.swarm.waiting()).toEqual([]);
  await expect(founder.swarm.admit(waiting.key, ['reader'])).rejects.toMatchObject({
    code: 'UNKNOWN_MEMBER',
  });
});

test('a machine without the admin role has no door', async () => {
  const [, member] = (await machinesOfOneTeam(2)) as [Machine, Machine];
  await member.start(open);
  expect(member.swarm.doorAddresses()).toEqual([]);
});

test('a door that is not there is UNREACHABLE', async () => {
  const find = findTeams({
    timeoutMs: 1_000,
    address: '127.0.0.1:1',
    mdns: false,
    clock: realClock,
    signal: signal(),
  });
  await expect(find).rejects.toMatchObject({ code: 'UNREACHABLE' });
});

async function knows(machine: Machine, invite: Identity): Promise<void> {
  const isKnown = () => machine.ledger.keyring().invites.has(invite.key);
  if (isKnown()) return;
  await new Promise<void>(resolve => {
    const stop = machine.ledger.onChange(() => {
      if (isKnown()) resolve();
    });
    onTestFinished(stop);
  });
}
