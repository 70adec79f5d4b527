// Modes and the project's file through a real daemon: each does what it says, a change holds at once, the most specific word
// wins, and a mistake never fails a build.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WhyAnswer } from '../../src/control-cache.ts';
import { Rig, type RigMember } from '../support/rig.ts';

const compile = ['gcc', '-O1', '-c', 'a.c', '-o', 'a.o'];

function project(member: RigMember): string {
  const folder = join(member.home, 'project');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.c'), 'int a;\n');
  return folder;
}

/** What the counters say of one more compile. */
async function counted(member: RigMember, cwd: string, env: Record<string, string> = {}) {
  await member.ok('stats', '--zero');
  const ran = await member.build(compile, { cwd, env });
  expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
  const { hits, misses, uncached } = await member.stats();
  return { hits: hits.memory + hits.disk + hits.peer, misses, uncached };
}

const hit = { hits: 1, misses: 0, uncached: {} };
const miss = { hits: 0, misses: 1, uncached: {} };
const uncached = (reason: string) => ({ hits: 0, misses: 0, uncached: { [reason]: 1 } });

test('read takes and does not give, write gives and does not take, off does neither', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const cwd = project(desk);
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'read' })).toEqual(miss);
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'read' })).toEqual(miss);
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'write' })).toEqual(miss);
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'write' })).toEqual(miss);
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'read' })).toEqual(hit);
  expect(await counted(desk, cwd)).toEqual(hit);
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'off' })).toEqual({ hits: 0, misses: 0, uncached: {} });
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'on' })).toEqual(uncached('mode-unknown'));
});

test('the command over the project over the person; a changed project file holds for the next compile', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  writeFileSync(join(desk.home, 'config.toml'), 'mode = "off"\n');
  const cwd = project(desk);
  const file = join(cwd, 'p2pcache.toml');
  expect(await counted(desk, cwd)).toEqual(uncached('mode-off'));
  writeFileSync(file, 'mode = "read-write"\n');
  expect(await counted(desk, cwd)).toEqual(miss);
  expect(await counted(desk, cwd)).toEqual(hit);
  expect(await counted(desk, cwd)).toEqual(hit);
  writeFileSync(file, 'mode = "off"\n');
  expect(await counted(desk, cwd)).toEqual(uncached('mode-off'));
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'read-write' })).toEqual(hit);
  expect(await counted(desk, cwd, { P2PCACHE_MODE: 'read-write' })).toEqual(hit);
});

test('a project file that appears beside a repeated compile is seen', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const cwd = project(desk);
  for (const expected of [miss, hit, hit]) expect(await counted(desk, cwd)).toEqual(expected);
  writeFileSync(join(cwd, 'p2pcache.toml'), 'mode = "off"\n');
  expect(await counted(desk, cwd)).toEqual(uncached('mode-off'));
});

test('a mistake in the project file is counted and explained, and builds go on', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const cwd = project(desk);
  const mistakes = {
    'mode = "of"\n': /p2pcache\.toml: "mode" cannot be "of"; it takes "off"/,
    'mod = "off"\n': /there is no setting "mod"; there are mode/,
    'mode = = 1\n': /p2pcache\.toml:1:8/,
  };
  for (const [text, said] of Object.entries(mistakes)) {
    writeFileSync(join(cwd, 'p2pcache.toml'), text);
    expect(await counted(desk, cwd)).toEqual(uncached('project-file'));
    expect((await desk.okWith({ cwd }, 'why', 'a.o')).stdout).toMatch(said);
  }
  writeFileSync(join(cwd, 'p2pcache.toml'), 'prefix-maps = false\n');
  expect(await counted(desk, cwd)).toEqual(miss);
});

test('P2PCACHE_DEBUG logs every input, the same way each time', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const cwd = project(desk);
  writeFileSync(join(cwd, 'a.c'), '#include "a.h"\n');
  writeFileSync(join(cwd, 'a.h'), 'int a;\n');
  await desk.build(compile, { cwd });
  for (const [name, value] of [
    ['one.log', '1'],
    ['two.log', '2'],
  ] as const) {
    writeFileSync(join(cwd, 'a.h'), `int a = ${value};\n`);
    await desk.build(compile, { cwd, env: { P2PCACHE_DEBUG: name } });
    await desk.ok('why', join(cwd, 'a.o'));
  }
  await desk.build(compile, { cwd, env: { P2PCACHE_DEBUG: '1' } });
  await desk.ok('stop');
  const [one, two] = ['one.log', 'two.log'].map(name => readFileSync(join(cwd, name), 'utf8').split('\n'));
  const differing = one!.filter((line, i) => line !== two![i]).map(line => line.replace(/ .*/, ''));
  expect(one!.length).toBeGreaterThan(20);
  expect(one![1]).toBe('outcome miss everywhere');
  expect(differing).toEqual(['action', 'read']);
  expect(one!.find((line, i) => line !== two![i] && line.startsWith('read'))).toMatch(
    /^read a\.h [0-9a-f]{32}$/,
  );
  expect(one).toContain('argument -O1');
  expect(existsSync(join(desk.home, 'log/debug.log'))).toBe(true);
});

test('a debug log that cannot be written costs the log only', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const cwd = project(desk);
  expect(await counted(desk, cwd, { P2PCACHE_DEBUG: '/nowhere/x.log' })).toEqual(miss);
  const answer = await desk.json<WhyAnswer>('why', '--json', join(cwd, 'a.o'));
  expect(answer.last?.outcome).toBe('miss');
});
