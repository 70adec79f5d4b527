// Real daemons on machines of one local network that were told no address: found by mDNS, admitted at the door, sharing
// compiles; and a third machine that joins with nothing but an invite line while the founder is off.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Newcomer, NewInvite } from '../../src/control.ts';
import { LocalNetwork, namespacesUnavailable } from '../support/network-namespaces.ts';
import { Rig, type RigMember } from '../support/rig.ts';

const obstacle = await namespacesUnavailable();
if (obstacle !== undefined) console.warn(`SKIPPED, no network namespaces: ${obstacle}`);

const onLan = { P2PCACHE_MDNS: 'on', P2PCACHE_LISTEN: '0.0.0.0:0', P2PCACHE_DOOR_LISTEN: '0.0.0.0:0' };

test.skipIf(obstacle !== undefined)('join, trust, compile and invite without an address', async () => {
  await using rig = await Rig.create();
  const network = await LocalNetwork.create();
  const machine = async (name: string) => rig.member(name, onLan, await network.host());
  const [founder, second, third] = [await machine('desk-1'), await machine('desk-2'), await machine('ci')];

  await founder.ok('join', 'acme', '--create', '--name', 'desk-1');
  const joining = second.run('join', 'acme', '--name', 'desk-2', '--json');
  await founder.until(({ waiting }) => waiting === 1);
  const { waiting } = await founder.json<{ waiting: Newcomer[] }>('trust', '--json');
  await founder.ok('trust', 'desk-2', '--yes');
  const { exitCode, stdout, stderr } = await joining;
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain(waiting[0]!.phrase);

  await second.sees('desk-1');
  await compile(founder);
  expect((await founder.stats()).misses).toBe(1);
  await compile(second);
  expect((await second.stats()).hits).toEqual({ memory: 0, disk: 0, peer: 1 });

  const { line } = await founder.json<NewInvite>('invite', '--expires', '1h', '--json');
  await second.sees('desk-1');
  await founder.ok('stop');
  await third.okWith({ input: line }, 'join', '-', '--name', 'ci');
  await third.sees('desk-2');
  await compile(third);
  expect((await third.stats()).hits).toEqual({ memory: 0, disk: 0, peer: 1 });
});

async function compile(member: RigMember): Promise<void> {
  const checkout = join(member.home, `checkout-of-${member.name}`);
  mkdirSync(checkout);
  writeFileSync(join(checkout, 'a.c'), '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n');
  const ran = await member.build(['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'], { cwd: checkout });
  expect(ran).toEqual({ exitCode: 0, stdout: '', stderr: '' });
}
