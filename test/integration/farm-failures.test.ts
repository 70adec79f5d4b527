// Workers that cannot do their part: a cable that is pulled, a sandbox that does not start, a disk that is full, an owner who
// comes back, an object that is too large. The compile is then made at home and is the same.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  busy,
  checkout,
  objectOf,
  oneSlot,
  ownCompiler,
  plainObject,
  processesNamed,
  startCompile,
  stuckCompiler,
  untilFarm,
  withMounts,
  workerAndClients,
} from '../support/farm-rig.ts';
import { LocalNetwork, namespacesUnavailable } from '../support/network-namespaces.ts';
import { Rig, type RigMember } from '../support/rig.ts';

const obstacle = await namespacesUnavailable();
if (obstacle !== undefined) console.warn(`SKIPPED, no namespaces: ${obstacle}`);
const onLan = { P2PCACHE_MDNS: 'on', P2PCACHE_LISTEN: '0.0.0.0:0', P2PCACHE_DOOR_LISTEN: '0.0.0.0:0' };

test.skipIf(obstacle !== undefined)('a worker whose cable is pulled', async () => {
  await using rig = await Rig.create();
  const network = await LocalNetwork.create();
  const hosts = [await network.host(), await network.host()] as const;
  const worker = rig.member('worker', onLan, hosts[0]);
  const client = rig.member('client', { ...onLan, ...oneSlot }, hosts[1]);
  await lend(rig, worker, client);
  await using _ = await busy(client);
  const compiler = stuckCompiler(client);
  const folder = checkout(client, 'pulled');
  const plain = await plainObject(client, compiler, folder);
  const compile = await startCompile(client, compiler, folder);
  await untilFarm(worker, () => processesNamed(compiler).length > 0);
  await network.unplug(hosts[0]);
  expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(objectOf(folder)).toBe(plain);
});

test('an owner who comes back: what runs for others goes home while the owner compiles', async () => {
  await using rig = await Rig.create();
  // So many slots of its own that whatever else this machine does does not count as its owner.
  const worker = rig.member('worker', { P2PCACHE_LOCAL_SLOTS: '1000' });
  const client = rig.member('client', oneSlot);
  await lend(rig, worker, client);
  await worker.ok('farm', 'on', '--slots', '2', '--when', 'idle');
  await using _ = await busy(client);
  const compiler = stuckCompiler(client);
  const folder = checkout(client, 'pushed');
  const plain = await plainObject(client, compiler, folder);
  await untilFarm(client, ({ workers }) => workers[0]?.isOpen === true);
  const compile = await startCompile(client, compiler, folder);
  await untilFarm(worker, () => processesNamed(compiler).length > 0);
  await using __ = await busy(worker);
  expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(objectOf(folder)).toBe(plain);
  expect(processesNamed(compiler)).toEqual([]);
  expect((await client.farm()).jobs.returned).toEqual({ busy: 1 });
});

test.skipIf(obstacle !== undefined)('a worker whose sandbox does not start any more', async () => {
  await using rig = await Rig.create();
  // Another program lies over bubblewrap, for what this member runs only.
  const shim = join(rig.folder, 'bwrap');
  const real = join(rig.folder, 'real-bwrap');
  await copyFile('/usr/bin/bwrap', real);
  const broken = join(rig.folder, 'broken');
  const says = `if [ -e '${broken}' ]; then echo 'bwrap: no more' >&2; exit 1; fi`;
  writeFileSync(shim, `#!/bin/sh\n${says}\nexec '${real}' "$@"\n`, { mode: 0o755 });
  const worker = rig.member('worker', {}, withMounts([[shim, '/usr/bin/bwrap']]));
  const client = rig.member('client', oneSlot);
  await lend(rig, worker, client);
  expect(await farmed(client, 'works')).toEqual({ sent: 1, done: 1, returned: {} });
  writeFileSync(broken, '');
  expect(await farmed(client, 'broken')).toEqual({ sent: 2, done: 1, returned: { sandbox: 1 } });
});

test.skipIf(obstacle !== undefined)('a worker whose disk is full', async () => {
  await using rig = await Rig.create();
  const worker = rig.member('worker');
  await using disk = await smallDisk(worker);
  const client = rig.member('client', oneSlot);
  await lend(rig, worker, client);
  disk.fill();
  const { sent, done } = await farmed(client, 'full');
  expect({ sent: sent > 0, done }).toEqual({ sent: true, done: 0 });
  await worker.ok('farm'); // it is well
});

test('an object that is larger than a job may make', async () => {
  await using rig = await Rig.create();
  const [worker, client] = await workerAndClients(rig, 'client');
  const { sent, done } = await farmed(client!, 'large', 'char large[300 << 20] = {1};\n');
  expect({ sent, done }).toEqual({ sent: 1, done: 0 });
  expect((await worker!.farm()).lending?.jobs).toBe(0);
});

test('a job whose output is a link, lies elsewhere, or is another file’s second name', async () => {
  await using rig = await Rig.create();
  const [, client] = await workerAndClients(rig, 'client');
  await using _ = await busy(client!);
  const atWorker = (statements: string) =>
    `if (access("/.p2pcache", F_OK) == 0) { ${statements}; return 0; }`;
  const attempts = {
    link: atWorker('symlink("/etc/passwd", "a.o")'),
    elsewhere: atWorker('rename("a.c", "../a.o")'),
    'second name': atWorker('link("a.c", "a.o")'),
  };
  for (const [name, statements] of Object.entries(attempts)) {
    const compiler = ownCompiler(client!, name, statements);
    const folder = checkout(client!, name);
    const plain = await plainObject(client!, compiler, folder);
    const compile = await startCompile(client!, compiler, folder);
    expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(objectOf(folder)).toBe(plain);
  }
  const { sent, done, returned } = (await client!.farm()).jobs;
  expect(sent).toBeGreaterThanOrEqual(3);
  expect(done).toBe(0);
  expect(returned['special-output']).toBeGreaterThan(0);
});

test.skipIf(obstacle !== undefined)(
  'a machine without bubblewrap lends nothing, unless its owner insists',
  async () => {
    await using rig = await Rig.create();
    const worker = rig.member('worker', {}, withMounts([['/dev/null', '/usr/bin/bwrap']]));
    const client = rig.member('client', oneSlot);
    await rig.join([worker, client]);
    const refused = await worker.run('farm', 'on');
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringContaining('cannot run safely here'),
    ]);
    expect((await worker.farm()).lending).toBeNull();
    const { stderr } = await worker.ok('farm', 'on', '--slots', '2', '--sandbox', 'none');
    expect(stderr).toContain('NO SANDBOX');
    expect((await worker.ok('farm')).stdout).toContain('NO SANDBOX');
    expect((await worker.ok('doctor', 'farm')).stdout).toContain('NO SANDBOX');
    await untilFarm(client, ({ workers }) => workers.length === 1);
    expect(await farmed(client, 'bare')).toEqual({ sent: 1, done: 1, returned: {} });
  },
);

async function lend(rig: Rig, worker: RigMember, client: RigMember): Promise<void> {
  await rig.join([worker, client]);
  await worker.ok('farm', 'on', '--slots', '2');
  await untilFarm(client, ({ workers }) => workers.length === 1);
}

/** One compile that goes to the worker if it can; the object must be right. What the client counts then. */
async function farmed(client: RigMember, name: string, text?: string) {
  await using _ = await busy(client);
  const compiler = ownCompiler(client, name, '');
  const folder = checkout(client, name, text);
  const plain = await plainObject(client, compiler, folder);
  const compile = await startCompile(client, compiler, folder);
  expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(objectOf(folder) === plain).toBe(true);
  const { sent, done, returned } = (await client.farm()).jobs;
  return { sent, done, returned };
}

/** A disk of its own for all that the member keeps. */
async function smallDisk(member: RigMember): Promise<AsyncDisposable & { fill(): void }> {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'p2pcache-test', member.home]);
  return {
    fill: () => {
      const filling = () => writeFileSync(join(member.home, 'ballast'), Buffer.alloc(200 << 20));
      expect(filling).toThrow('ENOSPC');
    },
    [Symbol.asyncDispose]: async () => {
      await member.end();
      execFileSync('umount', ['-l', member.home]);
    },
  };
}
