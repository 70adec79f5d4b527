// Members of one team on real daemons, through the commands alone: joining by invite and at the door, sharing compiles,
// revoking, and teammates who die, freeze or were never there.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DaemonStatus, Newcomer, NewInvite, TeamView } from '../../src/control.ts';
import { exitCodes } from '../../src/errors.ts';
import { Rig, type RigMember } from '../support/rig.ts';

const compile = ['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'];

/** The same source in each member's own folder. */
function writeSource(members: readonly RigMember[], text = 'int answer(void) { return 42; }\n'): void {
  for (const { home } of members) writeFileSync(join(home, 'a.c'), text);
}

/** Resolves once a teammate of `member` would be told of `count` records; the test's timeout bounds it. */
async function settled(member: RigMember): Promise<void> {
  for (let before = ''; ; ) {
    const now = JSON.stringify(await member.stats());
    if (now === before) return;
    before = now;
  }
}

describe('joining', () => {
  test('a machine without a terminal founds a team only when told to', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    const refused = await desk.run('join', 'acme', '--timeout', '100ms');
    expect(refused.exitCode).toBe(exitCodes.NO_ANSWER);
    expect(refused.stderr).toContain('--create');

    await desk.ok('join', 'acme', '--create', '--name', 'desk');
    const team = await desk.json<TeamView>('team', '--json');
    expect(team.name).toBe('acme');
    expect(team.members).toMatchObject([{ name: 'desk', isSelf: true, isOnline: true, isRevoked: false }]);
    expect(team.members[0]!.roles).toContain('admin');

    const again = await desk.run('join', 'other', '--create');
    expect(again.exitCode).toBe(exitCodes.BAD_INPUT);
    expect(again.stderr).toContain('in team acme already');
  });

  test('at the door both sides show the same phrase, and the admitted member shares at once', async () => {
    await using rig = await Rig.create();
    const [desk, lap] = [rig.member('desk'), rig.member('lap')];
    await desk.ok('join', 'acme', '--create', '--name', 'desk');
    const { door } = await desk.json<DaemonStatus>('status', '--json');
    const joining = lap.run('join', 'acme', '--address', door!, '--name', 'lap', '--json');
    await desk.until(({ waiting }) => waiting === 1);

    const { waiting } = await desk.json<{ waiting: Newcomer[] }>('trust', '--json');
    expect((await desk.ok('trust')).stdout).toContain(waiting[0]!.phrase);
    const unasked = await desk.run('trust', 'lap');
    expect(unasked.exitCode, 'nobody compared the phrase').toBe(exitCodes.BAD_INPUT);
    expect((await desk.run('trust', 'nobody', '--yes')).exitCode).toBe(exitCodes.UNKNOWN_MEMBER);
    await desk.ok('trust', 'lap', '--yes', '--roles', 'reader,writer');

    const { exitCode, stdout } = await joining;
    expect(exitCode).toBe(0);
    const [phrase, joined] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(phrase).toEqual({ phrase: waiting[0]!.phrase });
    expect(joined).toMatchObject({
      team: { name: 'acme' },
      member: { name: 'lap', roles: ['reader', 'writer'] },
    });
    await desk.sees('lap');
  });

  test('whoever stops waiting at the door is gone from the list', async () => {
    await using rig = await Rig.create();
    const [desk, lap] = [rig.member('desk'), rig.member('lap')];
    await desk.ok('join', 'acme', '--create');
    const { door } = await desk.json<DaemonStatus>('status', '--json');
    const ran = lap.run('join', 'acme', '--address', door!, '--timeout', '3s');
    await desk.until(({ waiting }) => waiting === 1);
    const { exitCode, stderr } = await ran;
    expect(exitCode).toBe(exitCodes.NO_ANSWER);
    expect(stderr).toContain('nobody let this machine in');
    await desk.until(({ waiting }) => waiting === 0);
    expect((await lap.run('team')).exitCode).toBe(exitCodes.NOT_IN_TEAM);
  });

  test('an invite lets in as many as it says, until it expires or is taken back', async () => {
    await using rig = await Rig.create();
    const [desk] = await rig.team('desk');
    const once = await desk!.json<NewInvite>('invite', '--json');
    await rig.member('a').okWith({ input: `${once.line}\n` }, 'join', '-', '--name', 'a');
    const used = await rig.member('b').run('join', once.line, '--name', 'b');
    expect(used.exitCode).toBe(exitCodes.INVITE_REFUSED);
    expect(used.stderr).toContain('p2pcache invite');

    const taken = await desk!.json<NewInvite>('invite', '--uses', '5', '--json');
    expect((await desk!.ok('invite', '--list')).stdout).toContain(taken.id.slice(0, 12));
    await desk!.ok('invite', '--revoke', taken.id.slice(0, 12));
    expect((await rig.member('c').run('join', taken.line)).exitCode).toBe(exitCodes.INVITE_REFUSED);

    const brief = await desk!.json<NewInvite>('invite', '--expires', '1ms', '--json');
    expect((await rig.member('d').run('join', brief.line)).exitCode).toBe(exitCodes.INVITE_REFUSED);

    const torn = await rig.member('e').run('join', once.line.slice(0, -5));
    expect(torn.exitCode).toBe(exitCodes.BAD_INPUT);
    expect(torn.stderr).toContain('copy the whole line again');
  });

  test('an invite works through any member while the founder is off', async () => {
    await using rig = await Rig.create();
    const [desk, lap] = await rig.team('desk', 'lap');
    const { line } = await desk!.json<NewInvite>('invite', '--json');
    await lap!.sees('desk');
    // The invite names the founder's addresses; the newcomer also knows one of lap's.
    const { listen } = await lap!.json<DaemonStatus>('status', '--json');
    await settled(lap!);
    await desk!.ok('stop');
    const late = rig.member('late', { P2PCACHE_BOOTSTRAP: listen[0]! });
    const ran = await late.run('join', line, '--name', 'late', '--timeout', '20s');
    expect([ran.exitCode, ran.stderr]).toEqual([0, expect.any(String)]);
    await lap!.sees('late');
  });
});

describe('a team of machines that come and go', () => {
  test('all of them off at once, then on again: they find each other where they were', async () => {
    await using rig = await Rig.create();
    const [desk, lap] = await rig.team('desk', 'lap');
    await lap!.sees('desk');
    const addresses = async () =>
      Promise.all(
        [desk!, lap!].map(async each => (await each.json<DaemonStatus>('status', '--json')).listen),
      );
    const before = await addresses();
    await Promise.all([desk!.ok('stop'), lap!.ok('stop')]);
    await Promise.all([desk!.stats(), lap!.stats()]);
    expect(await addresses()).toEqual(before);
    await lap!.sees('desk');
    await desk!.sees('lap');
  });
});

describe('sharing', () => {
  test("what one compiled is the other's, byte for byte, and whose it was is counted", async () => {
    await using rig = await Rig.create();
    const [desk, lap] = await rig.team('desk', 'lap');
    writeSource([desk!, lap!]);
    expect(await desk!.build(compile)).toMatchObject({ exitCode: 0 });
    await settled(desk!);
    expect(await lap!.build(compile)).toMatchObject({ exitCode: 0, stderr: '' });
    const shared = readFileSync(join(lap!.home, 'a.o'));
    await lap!.exec(compile);
    expect(shared.equals(readFileSync(join(lap!.home, 'a.o')))).toBe(true);
    const stats = await lap!.stats();
    expect(stats).toMatchObject({ hits: { peer: 1 }, misses: 0, peers: { desk: 1 } });
    expect(stats.bytes.fromPeers).toBeGreaterThan(0);
    await lap!.build(compile);
    expect((await lap!.stats()).hits.memory).toBe(1);
  });

  test('after a revocation nothing of that machine is used, and it may ask to come back with a new key', async () => {
    await using rig = await Rig.create();
    const [desk, lap] = await rig.team('desk', 'lap');
    writeSource([desk!, lap!]);
    await lap!.build(compile);
    await settled(lap!);
    await desk!.build(compile);
    expect((await desk!.stats()).hits.peer).toBe(1);
    await desk!.build(compile); // its result lies ready for the launcher, who would ask nobody
    expect((await desk!.stats()).hits.memory).toBe(1);

    expect((await lap!.run('revoke', 'desk', '--yes')).exitCode).toBe(exitCodes.NOT_ALLOWED);
    expect((await desk!.run('revoke', 'nobody', '--yes')).exitCode).toBe(exitCodes.UNKNOWN_MEMBER);
    expect((await desk!.run('revoke', 'lap')).exitCode, 'nobody said yes').toBe(exitCodes.BAD_INPUT);
    await desk!.ok('revoke', 'lap', '--yes');
    await desk!.ok('stats', '--zero');
    await desk!.build(compile);
    expect(await desk!.stats()).toMatchObject({ hits: { memory: 0, disk: 0, peer: 0 }, misses: 1 });

    await expect
      .poll(async () => (await lap!.run('team')).stderr, { timeout: 10_000 })
      .toContain('revoked from team acme');
    const { line } = await desk!.json<NewInvite>('invite', '--json');
    await lap!.okWith({ input: line }, 'join', '-', '--name', 'lap');
    const { members } = await desk!.json<TeamView>('team', '--json');
    expect(members.map(({ name, isRevoked }) => [name, isRevoked])).toEqual([
      ['desk', false],
      ['lap', true],
      ['lap', false],
    ]);
  });
});

describe('never in the way', () => {
  test('a frozen teammate costs a build its deadline and no more; a dead one nothing', async () => {
    await using rig = await Rig.create();
    const [desk, lap] = await rig.team('desk', 'lap');
    writeSource([desk!, lap!]);
    await desk!.build(compile);
    await settled(desk!);
    await desk!.signal('SIGSTOP');
    expect(await lap!.build(compile)).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await lap!.stats()).misses).toBe(1);
    await desk!.signal('SIGCONT');
  });

  test('the own daemon killed or frozen: compilers run as ever', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    writeSource([desk]);
    const variables = await desk.json<Record<string, string>>('env', '--json');
    await desk.signal('SIGSTOP');
    expect(await desk.exec(compile, { env: variables })).toMatchObject({ exitCode: 0, stderr: '' });
    await desk.signal('SIGKILL');
    expect(await desk.exec(compile, { env: variables })).toMatchObject({ exitCode: 0, stderr: '' });
    await desk.ok('stats');
  });
});
