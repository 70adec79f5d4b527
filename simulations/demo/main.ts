// `npm run demo`: two machines, one team, on this computer. Two real daemons with separate homes, ports and checkouts build a
// real C and C++ project; what one has compiled, the other is given. Every claim is checked; exits with 1 if one fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewInvite, TeamView } from '../../src/control.ts';
import type { StatsSnapshot } from '../../src/stats.ts';
import { DemoMember } from './member.ts';
import { type Compile, checkOut, compilesOf, readObject } from './project.ts';
import { formatSeconds, formatTable, Screen } from './screen.ts';

interface Round {
  readonly what: string;
  readonly tookMs: number;
  readonly stats: StatsSnapshot | undefined;
  readonly isIdentical: boolean;
}

const screen = new Screen();
const failures: string[] = [];

async function run(alice: DemoMember, bob: DemoMember): Promise<void> {
  for (const member of [alice, bob]) checkOut(member.checkout);
  const compiles = compilesOf(bob.checkout);
  console.log(`zstd and its binding for Node, ${compiles.length} C and C++ files, in two checkouts:`);
  console.log(`  A  ${alice.checkout}\n  B  ${bob.checkout}\n`);

  await formTeam(alice, bob);
  const plain = await build('plain compile (no cache)', bob, compiles, undefined);
  const reference = compiles.map(compile => readObject(bob.checkout, compile));
  const rounds = [plain];
  const all = compiles.length;

  rounds.push(await build('A, first build', alice, compiles, reference));
  claim(rounds.at(-1)!, stats => stats.misses === all, 'everything is compiled once');
  await settled(alice);

  rounds.push(await build('B, first build', bob, compiles, reference));
  claim(rounds.at(-1)!, stats => stats.hits.peer === all, "every result comes from A's machine");

  rounds.push(await build('B, again', bob, compiles, reference));
  claim(
    rounds.at(-1)!,
    stats => stats.hits.memory + stats.hits.disk === all,
    "every result is on B's own disk",
  );

  screen.begin('B revokes A');
  await bob.p2pcache(['revoke', 'alice', '--yes']);
  screen.end('done');
  rounds.push(await build('B, after revoking A', bob, compiles, reference));
  claim(rounds.at(-1)!, stats => stats.misses === all, 'nothing that A made is used any more');

  console.log(
    `\n${formatTable([['', 'time', 'hits', 'misses', 'moved', 'identical'], ...rounds.map(row)])}\n`,
  );
}

/** B founds the team (so that it may revoke), A comes with an invite. */
async function formTeam(alice: DemoMember, bob: DemoMember): Promise<void> {
  screen.begin('B founds team acme, A joins by invite');
  await bob.p2pcache(['join', 'acme', '--create', '--name', 'bob']);
  const { line } = JSON.parse(await bob.p2pcache(['invite', '--json'])) as NewInvite;
  await alice.p2pcache(['join', '-', '--name', 'alice'], line);
  const isConnected = async () => {
    const { members } = JSON.parse(await bob.p2pcache(['team', '--json'])) as TeamView;
    return members.some(({ name, isOnline }) => name === 'alice' && isOnline);
  };
  if (!(await within(20_000, isConnected))) throw new Error('A and B did not find each other within 20 s');
  screen.end('connected');
}

async function build(
  what: string,
  member: DemoMember,
  compiles: readonly Compile[],
  reference: readonly Buffer[] | undefined,
): Promise<Round> {
  for (const { object } of compiles) rmSync(join(member.checkout, object), { force: true });
  const isCached = reference !== undefined;
  if (isCached) await member.p2pcache(['stats', '--zero']);
  screen.begin(what);
  const tookMs = await member.build(compiles, isCached, done => screen.progress(done, compiles.length));
  screen.end(formatSeconds(tookMs));
  if (!isCached) return { what, tookMs, stats: undefined, isIdentical: true };
  await settled(member);
  const stats = await member.stats();
  const differing = compiles.filter(
    (compile, i) => !readObject(member.checkout, compile).equals(reference[i]!),
  );
  if (differing.length > 0)
    failures.push(`${what}: ${differing.length} objects differ, such as ${differing[0]!.object}`);
  return { what, tookMs, stats, isIdentical: differing.length === 0 };
}

function claim({ what, stats }: Round, holds: (stats: StatsSnapshot) => boolean, text: string): void {
  if (stats !== undefined && holds(stats)) return;
  failures.push(`${what}: not true that ${text}\n${JSON.stringify(stats)}`);
}

/** Results are stored and announced behind the build's back: waits until the daemon has nothing more to count. */
async function settled(member: DemoMember): Promise<void> {
  let before = '';
  await within(10_000, async () => {
    const now = JSON.stringify(await member.stats());
    const isSettled = now === before;
    before = now;
    return isSettled;
  });
}

async function within(limitMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  for (const startedAtMs = performance.now(); performance.now() - startedAtMs < limitMs; await sleep(100)) {
    if (await isSo()) return true;
  }
  return false;
}

function row({ what, tookMs, stats, isIdentical }: Round): string[] {
  if (stats === undefined) return [what, formatSeconds(tookMs), '-', '-', '-', 'the reference'];
  const { memory, disk, peer } = stats.hits;
  const hits = peer > 0 ? `${peer} from ${Object.keys(stats.peers).join(', ')}` : `${memory + disk} local`;
  const moved = `${(stats.bytes.fromPeers / 1e6).toFixed(1)} MB`;
  return [what, formatSeconds(tookMs), hits, String(stats.misses), moved, isIdentical ? 'yes' : 'NO'];
}

const folder = mkdtempSync(join(tmpdir(), 'p2pcache-demo-'));
const members = ['alice', 'bob'].map(name => new DemoMember(folder, name));
const cleanUp = async () => {
  await Promise.all(members.map(member => member.end()));
  rmSync(folder, { recursive: true, force: true });
};
process.once('SIGINT', () => void cleanUp().then(() => process.exit(130)));

try {
  console.log(
    'p2pcache demo: A (alice) and B (bob), two daemons on this computer as two members of one team.',
  );
  await run(members[0]!, members[1]!);
} catch (error) {
  failures.push(error instanceof Error ? error.message : String(error));
}
await cleanUp();
for (const failure of failures) console.error(`FAILED: ${failure}`);
if (failures.length === 0)
  console.log('Every claim held: hits where promised, every object identical to a plain compile.');
process.exitCode = failures.length === 0 ? 0 : 1;
