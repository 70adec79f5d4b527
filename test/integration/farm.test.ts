// Two members, one of which lends its machine: compiles of the other run there, in a sandbox that holds the client's files at
// the client's own paths, and the objects are those that a local compile makes.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FarmView } from '../../src/control-farm.ts';
import {
  busy,
  checkout,
  objectOf,
  plainObject,
  startCompile,
  workerAndClients,
} from '../support/farm-rig.ts';
import { Rig, type RigMember } from '../support/rig.ts';

test('a compile runs on the worker, byte for byte as at home', async () => {
  await using rig = await Rig.create();
  const [worker, client] = await rig.team('worker', 'client');
  await worker!.ok('farm', 'on', '--slots', '2');
  const folder = project(client!);
  const plain = await compileAll(client!, folder, { P2PCACHE_MODE: 'off' });
  const farmed = await compileAll(client!, folder, {});
  const view = await client!.json<FarmView>('farm', '--json');
  expect(farmed).toEqual(plain);
  expect(view.jobs.done).toBeGreaterThan(0);

  const shown = (await client!.ok('farm')).stdout;
  expect(shown).toMatch(/last build +6 compiles, .*×/);
  expect(shown).toMatch(/worker +\d of 2/);
  expect((await client!.ok('stats')).stdout).toMatch(/farm +\d jobs sent, \d done/);
  const doctor = (await client!.ok('doctor', 'farm')).stdout;
  expect(doctor).toMatch(/ok +sandbox +bubblewrap runs/);
  expect(doctor).toMatch(/ok +toolchain g\+\+ +captured: \d+ files, \d+ MB/);
  expect(doctor).toMatch(/ok +worker worker +takes jobs, 2 slots/);
  expect((await worker!.ok('farm')).stdout).toMatch(/lending +2 slots, always/);
});

test('what tells when its source was changed is as at home: a worker’s copies are younger', async () => {
  await using rig = await Rig.create();
  const [, client] = await workerAndClients(rig, 'client');
  const folder = project(client!);
  writeFileSync(join(folder, 'inc', 'shared.h'), 'static const char *when = __TIMESTAMP__;\n');
  utimesSync(join(folder, 'inc', 'shared.h'), 978_307_200, 978_307_200);
  for (let i = 0; i < 6; i++)
    writeFileSync(join(folder, `f${i}.cc`), `#include "shared.h"\nconst char *f${i}() { return when; }\n`);
  const plain = await compileAll(client!, folder, { P2PCACHE_MODE: 'off' });
  expect(await compileAll(client!, folder, {})).toEqual(plain);
  expect((await client!.farm()).jobs.sent).toBeGreaterThan(0);
  await compileAll(client!, folder, {});
  expect((await client!.stats()).hits.memory).toBe(6);
});

test('a worker that is killed, frozen or revoked with jobs of ours costs time, never the build', async () => {
  await using rig = await Rig.create();
  const [killed, client, frozen, revoked] = await rig.team('killed', 'client', 'frozen', 'revoked');
  const folder = project(client!);
  const plain = await compileAll(client!, folder, { P2PCACHE_MODE: 'off' });
  for (const worker of [killed!, frozen!, revoked!]) {
    await worker.ok('farm', 'on', '--slots', '3');
    await untilWorkers(client!, 1);
    const building = compileAll(client!, folder, { P2PCACHE_MODE: 'write' });
    await untilJobs(worker);
    if (worker === killed) process.kill(await worker.pid(), 'SIGKILL');
    else if (worker === frozen) process.kill(await worker.pid(), 'SIGSTOP');
    else await killed!.ok('revoke', 'revoked', '--yes');
    expect(await building).toEqual(plain);
  }
});

test('what a worker compiled is a hit for everyone, and no role is needed to use it', async () => {
  await using rig = await Rig.create();
  const [worker, client, third] = await rig.team('worker', 'client', 'third');
  await worker!.ok('farm', 'on', '--slots', '3');
  const folder = project(client!);
  await compileAll(client!, folder, {});
  const { jobs } = await client!.json<FarmView>('farm', '--json');
  expect(jobs.done).toBeGreaterThan(0);
  await compileAll(third!, folder, {});
  expect((await third!.stats()).hits.peer).toBe(6);
});

test('a worker has the toolchain of C and its usual headers before the first job needs them, and one that comes later, too', async () => {
  await using rig = await Rig.create();
  const [client, worker, later] = await rig.team('client', 'worker', 'later');
  expect((await client!.run('doctor', 'farm')).stdout).toMatch(
    /!! +toolchains +the launcher is not set up yet/,
  );
  await client!.ok('env'); // what a toolchain is made of is seen by the observer, which is built now
  for (const each of [worker!, later!]) {
    await each.ok('farm', 'on', '--slots', '1');
    const usual = ['cc1plus', 'stdio.h', 'pthread.h', 'unordered_map'];
    await expect.poll(() => heldFiles(each), { timeout: 30_000 }).toEqual(expect.arrayContaining(usual));
    const sizes = new Set(heldBytes(each, 'cc1plus'));
    expect(sizes, 'it is shown from where this machine has it').toEqual(new Set([0]));
  }
  const { jobs } = await client!.json<FarmView>('farm', '--json');
  expect(jobs.sent).toBe(0);
});

/** Names of the files that a worker holds for its clients. */
function heldFiles(member: RigMember): string[] {
  return held(member).map(({ name }) => name);
}

function heldBytes(member: RigMember, name: string): number[] {
  return held(member)
    .filter(entry => entry.name === name)
    .map(({ parentPath }) => statSync(join(parentPath, name)).size);
}

function held({ home }: RigMember) {
  const found = readdirSync(join(home, 'jobs'), { recursive: true, withFileTypes: true });
  return found.filter(entry => entry.isFile());
}

test('a header that changed a moment after it was read counts, and the compile still runs on the worker', async () => {
  await using rig = await Rig.create();
  const [, client] = (await workerAndClients(rig, 'client')) as [RigMember, RigMember];
  await using _ = await busy(client);
  const objects: string[] = [];
  for (const answer of ['1', '22', '333']) {
    // Of a source that has never been compiled nothing is known: what it includes is guessed from what was there lately.
    const folder = checkout(client, `of-${answer}`, '#include "../a.h"\nint f(void) { return answer; }\n');
    writeFileSync(join(client.home, 'a.h'), `enum { answer = ${answer} };\n`);
    const plain = await plainObject(client, 'gcc', folder);
    expect(await (await startCompile(client, 'gcc', folder)).ended).toMatchObject({ exitCode: 0 });
    objects.push(objectOf(folder));
    expect(objects.at(-1) === plain).toBe(true);
  }
  expect(new Set(objects).size).toBe(3);
  expect((await client.farm()).jobs.done).toBe(3);
});

test('nothing leaves the machine where the farm is off', async () => {
  await using rig = await Rig.create();
  const [worker, client] = await rig.team('worker', 'client');
  await worker!.ok('farm', 'on', '--slots', '3');
  await untilWorkers(client!, 1);
  const folder = project(client!);
  const sent = async () => (await client!.json<FarmView>('farm', '--json')).jobs.sent;
  await compileAll(client!, folder, { P2PCACHE_FARM: 'off', P2PCACHE_MODE: 'write' });
  expect(await sent()).toBe(0);
  writeFileSync(join(folder, 'p2pcache.toml'), 'farm = "off"\n');
  await compileAll(client!, folder, { P2PCACHE_MODE: 'write' });
  expect(await sent()).toBe(0);
  await compileAll(client!, folder, { P2PCACHE_FARM: 'auto', P2PCACHE_MODE: 'write' });
  expect(await sent(), 'the command has the last word').toBeGreaterThan(0);
  await worker!.ok('farm', 'off');
  await untilWorkers(client!, 0);
});

async function untilWorkers(member: RigMember, count: number): Promise<void> {
  while ((await member.json<FarmView>('farm', '--json')).workers.length !== count);
}

async function untilJobs(worker: RigMember): Promise<void> {
  while ((await worker.json<FarmView>('farm', '--json')).lending?.jobs === 0);
}

function project(member: RigMember): string {
  const folder = join(member.home, 'project');
  mkdirSync(join(folder, 'inc'), { recursive: true });
  mkdirSync(join(folder, 'build'), { recursive: true });
  writeFileSync(
    join(folder, 'inc', 'shared.h'),
    '#pragma once\n#include <vector>\n#include <string>\nint shared(int);\n',
  );
  for (let i = 0; i < 6; i++)
    writeFileSync(
      join(folder, `f${i}.cc`),
      `#include "shared.h"\n#include <map>\nstd::map<std::string, std::vector<int>> m${i};\nint f${i}(int x) { return shared(x) + m${i}.size(); }\n`,
    );
  return folder;
}

async function compileAll(member: RigMember, folder: string, env: Record<string, string>): Promise<string[]> {
  const build = join(folder, 'build');
  rmSync(build, { recursive: true, force: true });
  mkdirSync(build);
  const files = Array.from({ length: 6 }, (_, i) => `f${i}`);
  const compile = (name: string) =>
    `g++ -g -O1 -I${folder}/inc -MD -MF ${name}.d -c ${folder}/${name}.cc -o ${name}.o &`;
  const ran = await member.build(['sh', '-c', `${files.map(compile).join('\n')}\nwait`], { cwd: build, env });
  expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
  return files.flatMap(name =>
    [`${name}.o`, `${name}.d`].map(file => readFileSync(join(build, file)).toString('base64')),
  );
}
