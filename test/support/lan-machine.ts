// A program for test/integration/lan.test.ts: one machine with no address told, driven by lines of JSON on stdin.
//   first line in: {"do":"find"} (says that it searches, then the teams in reach, and ends) | {"do":"found"} | {"do":"knock"} | {"do":"join","line":…}
//   then:          {"do":"admit"} {"do":"invite"} {"do":"keep","name":…} {"do":"fetch","name":…} {"do":"connected","count":n}
// Every command is answered by one line.
import { createInterface } from 'node:readline';
import { findTeams, joinByInvite, knock, startSwarm } from '../../node/libp2p/swarm.ts';
import type { Admission, Swarm, SwarmEvent } from '../../node/libp2p/swarm-api.ts';
import { realClock } from '../../node/system/real-clock.ts';
import { systemRandom } from '../../node/system/system-random.ts';
import { MemoryActionCache } from '../../src/actions/memory-action-cache.ts';
import { signRecord } from '../../src/actions/signed-record.ts';
import { digestOf, emptyDigest } from '../../src/digest.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';
import { buildInvite, foundTeam } from '../../src/team/build-statement.ts';
import { generateIdentity } from '../../src/team/identity.ts';
import { encodeInviteLine } from '../../src/team/invite-line.ts';
import { Ledger } from '../../src/team/ledger.ts';
import { MemoryLedgerStore } from '../../src/team/ledger-store.ts';
import { encodeStatement, type StatementId } from '../../src/team/statement.ts';

interface Command {
  readonly do: string;
  readonly line?: string;
  readonly name?: string;
  readonly count?: number;
}

const commands = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const identity = generateIdentity();
const name = `machine-${process.pid}`;
const common = {
  identity,
  name,
  clock: realClock,
  random: systemRandom,
  signal: AbortSignal.timeout(60_000),
};
const actionCache = new MemoryActionCache();
const blobStore = new MemoryBlobStore();
const events: SwarmEvent[] = [];

function answer(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function nextCommand(): Promise<Command | undefined> {
  const { value } = await commands.next();
  return value === undefined ? undefined : JSON.parse(value);
}

async function until<Value>(look: () => Value | undefined | false): Promise<Value> {
  for (;;) {
    const value = look();
    if (value !== undefined && value !== false) return value;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

/** The team, by whichever way the first command names. */
async function enter(command: Command): Promise<Ledger> {
  if (command.do === 'found') {
    const found = foundTeam(identity, { teamName: 'acme', name, nowMs: Date.now() });
    return ledgerOf(found.id, [encodeStatement(found)]);
  }
  const admission =
    command.do === 'join'
      ? await joinByInvite(command.line!, { ...common, mdns: true })
      : await enterByDoor();
  return ledgerOf(admission.teamId as StatementId, admission.statements);
}

async function enterByDoor(): Promise<Admission> {
  const search = { timeoutMs: 1_500, mdns: true, clock: realClock, signal: common.signal };
  for (;;) {
    const [team] = await findTeams(search);
    if (team !== undefined) return knock(team, { ...common, onPhrase: phrase => answer({ phrase }) });
  }
}

async function ledgerOf(teamId: StatementId, statements: readonly Uint8Array[]): Promise<Ledger> {
  const ledger = await Ledger.open(teamId, new MemoryLedgerStore());
  await ledger.add(statements);
  return ledger;
}

async function obey(command: Command, swarm: Swarm, ledger: Ledger): Promise<unknown> {
  if (command.do === 'connected')
    return until(() => swarm.connectedMembers().length >= command.count! && { connected: true });
  if (command.do === 'admit') {
    const { newcomer } = await until(() => events.find(event => event.kind === 'newcomer-waiting'));
    await swarm.admit(newcomer.key, ['reader', 'writer']);
    return { phrase: newcomer.phrase };
  }
  if (command.do === 'invite') {
    const key = generateIdentity();
    const expiresAtMs = Date.now() + 60_000;
    const body = { invite: key.key, roles: ['reader', 'writer'] as const, expiresAtMs, usesMax: 1 };
    await ledger.addOwn(buildInvite({ identity, ledger, nowMs: Date.now() }, body));
    // No address in the line: the newcomer has nothing but the team's id and mDNS.
    return {
      line: encodeInviteLine({
        teamId: ledger.teamId,
        teamName: 'acme',
        seed: key.seed,
        expiresAtMs,
        addresses: [],
      }),
    };
  }
  if (command.do === 'knows-invite') return until(() => ledger.keyring().invites.size > 0 && { known: true });
  return command.do === 'keep' ? keep(command.name!, swarm, ledger) : fetch(command.name!, swarm);
}

async function keep(what: string, swarm: Swarm, { teamId }: Ledger): Promise<unknown> {
  const output = Buffer.from(`output of ${what}`);
  const digest = digestOf(output);
  const result = {
    outputFiles: [{ path: 'out.o', digest, isExecutable: false }],
    stdout: emptyDigest,
    stderr: emptyDigest,
    exitCode: 0,
  };
  const claim = {
    teamId,
    kind: 'result',
    action: digestOf(what),
    result,
    origin: 'local',
    durationMs: 1,
    createdAtMs: Date.now(),
  } as const;
  await blobStore.put(digest, output);
  await actionCache.put(signRecord(identity, claim));
  swarm.peers.announce([claim.action]);
  return { kept: what };
}

async function fetch(what: string, swarm: Swarm): Promise<unknown> {
  const action = digestOf(what);
  const holder = await until(() => swarm.peers.holdersOf(action)[0]);
  const { records, blobs } = await swarm.peers.requestRecords(holder, action, common.signal);
  return {
    records: records.length,
    output: [...blobs.values()].map(bytes => Buffer.from(bytes).toString()).join(),
  };
}

const first = (await nextCommand())!;
if (first.do === 'find') {
  answer({ searching: true });
  answer(await findTeams({ timeoutMs: 5_000, mdns: true, clock: realClock, signal: common.signal }));
  process.exit();
}
const ledger = await enter(first);
const swarm = await startSwarm({
  identity,
  ledger,
  actionCache,
  blobStore,
  heldActions: () => actionCache.actions(),
  addressBook: { load: async () => new Map(), save: async () => {} },
  config: { listen: ['0.0.0.0:0'], bootstrap: [], mdns: true, doorListen: ['0.0.0.0:0'] },
  clock: realClock,
  random: systemRandom,
  onEvent: event => events.push(event),
});
answer({ up: true, members: ledger.keyring().members.size });
for (let command = await nextCommand(); command !== undefined; command = await nextCommand()) {
  answer(await obey(command, swarm, ledger));
}
await swarm.stop();
