// `p2pcache why` through real daemons: after each kind of change the first difference is named in plain words, compared with
// this machine's own compiles or a teammate's.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WhyAnswer } from '../../src/control-cache.ts';
import { missingTool } from '../support/real-tool.ts';
import { Rig, type RigMember } from '../support/rig.ts';

const flags = ['-I', 'first', '-I', 'second'];
const compile = ['gcc', '-O2', ...flags, '-c', 'main.c', '-o', 'main.o'];

function checkOut(parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(join(folder, 'first'), { recursive: true });
  mkdirSync(join(folder, 'second'));
  writeFileSync(join(folder, 'p2pcache.toml'), '');
  writeFileSync(join(folder, 'main.c'), '#include "config.h"\nint main(void) { return LIMIT; }\n');
  writeFileSync(join(folder, 'second/config.h'), '#define LIMIT 1\n');
  return folder;
}

async function build(member: RigMember, cwd: string, argv = compile, env: Record<string, string> = {}) {
  const ran = await member.build(argv, { cwd, env });
  expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
}

const why = (member: RigMember, ...what: string[]) => member.json<WhyAnswer>('why', '--json', ...what);

describe('after a change', () => {
  const changes: [
    text: string,
    change: (cwd: string) => { argv?: string[]; env?: Record<string, string> },
  ][] = [
    [
      'header second/config.h differs',
      cwd => {
        writeFileSync(join(cwd, 'second/config.h'), '#define LIMIT 2\n');
        return {};
      },
    ],
    [
      'source main.c differs',
      cwd => {
        appendFileSync(join(cwd, 'main.c'), 'int more;\n');
        return {};
      },
    ],
    [
      'header config.h is now found earlier: first/config.h',
      cwd => {
        writeFileSync(join(cwd, 'first/config.h'), '#define LIMIT 3\n');
        return {};
      },
    ],
    ['flag -O2 became -O3', () => ({ argv: ['gcc', '-O3', ...compile.slice(2)] })],
    ['flag -DNDEBUG was added', () => ({ argv: ['gcc', '-O2', '-DNDEBUG', ...compile.slice(2)] })],
    ['environment CPATH differs: unset became "/usr/share"', () => ({ env: { CPATH: '/usr/share' } })],
    [
      'the compiler differs: ',
      cwd => ({ argv: ['p2pcache', 'cc', anotherCompiler(cwd), ...compile.slice(1)] }),
    ],
  ];

  test.each(changes)('%s', async (text, change) => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    const cwd = checkOut(desk.home, 'project');
    await build(desk, cwd);
    expect((await desk.stats()).misses).toBe(1);
    const { argv, env } = change(cwd);
    await build(desk, cwd, argv, env);
    const { last, now } = await why(desk, join(cwd, 'main.o'));
    expect(last).toMatchObject({ outcome: 'miss', detail: 'everywhere', nearest: { member: null } });
    expect(last!.text).toContain(text);
    expect(last!.differences[0]!.text).toBe(last!.text);
    expect(now?.outcome).toBe('hit');
    expect((await desk.okWith({ cwd }, 'why', 'main.c')).stdout).toContain(text);
  });
});

test('before anything, after a hit, of a change that is not compiled yet, and of a command', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const cwd = checkOut(desk.home, 'project');
  const object = join(cwd, 'main.o');
  expect(await why(desk, object)).toEqual({ source: null, output: null, last: null, now: null });
  await build(desk, cwd);
  const first = await why(desk, object);
  expect(first.last?.text).toMatch(/^never compiled here before/);
  expect(first).toMatchObject({ source: join(cwd, 'main.c'), output: object });
  await build(desk, cwd);
  expect((await why(desk, object)).last).toMatchObject({ outcome: 'hit', detail: 'memory' });
  writeFileSync(join(cwd, 'second/config.h'), '#define LIMIT 9\n');
  const { last, now } = await why(desk, object);
  expect([last?.outcome, now?.outcome, now?.text]).toEqual(['hit', 'miss', 'header second/config.h differs']);
  const asked = await desk.okWith({ cwd }, 'why', '--json', 'gcc', '-Os', ...compile.slice(2));
  const answer = JSON.parse(asked.stdout) as WhyAnswer;
  expect(answer.last).toBeNull();
  expect(answer.now?.differences.map(({ text }) => text)).toEqual([
    'flag -O2 became -Os',
    'header second/config.h differs',
  ]);
  expect((await desk.stats()).misses).toBe(1);
});

test('what was not cached, and what there is no compiler for', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const cwd = checkOut(desk.home, 'project');
  writeFileSync(join(cwd, 'main.c'), 'const char *t = __TIME__; int main(void) { return 0; }\n');
  await build(desk, cwd);
  await build(desk, cwd, ['gcc', 'main.o', '-o', 'program']);
  expect((await why(desk, join(cwd, 'main.o'))).last?.text).toMatch(
    /^not cached: reads-the-time \(.*__TIME__/,
  );
  expect((await why(desk, join(cwd, 'program'))).last?.text).toMatch(/^not cached: link \(/);
  const none = await desk.run('why', 'no-such-compiler', '-c', 'main.c');
  expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('no-such-compiler')]);
});

test('a teammate’s compile is the nearest where this machine has none', async () => {
  await using rig = await Rig.create();
  const [desk, lap] = (await rig.team('desk', 'lap')) as [RigMember, RigMember];
  const [there, here] = [checkOut(desk.home, 'a'), checkOut(lap.home, 'another-folder')];
  await build(desk, there);
  writeFileSync(join(here, 'second/config.h'), '#define LIMIT 5\n');
  await build(lap, here);
  const { last } = await why(lap, join(here, 'main.o'));
  expect(last).toMatchObject({
    outcome: 'miss',
    text: 'header second/config.h differs',
    nearest: { member: 'desk', output: 'main.o' },
  });
  await build(lap, here, ['gcc', '-O2', '-g0', ...compile.slice(2)]);
  expect((await lap.okWith({ cwd: here }, 'why', 'main.o')).stdout).toMatch(/flag -g0 was added/);
});

test('a result that could depend on its folder is counted and explained where it is asked for in another', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const folders = ['one', 'a-second-checkout'].map(name => checkOut(desk.home, name));
  for (const cwd of folders) {
    writeFileSync(join(cwd, 'main.c'), 'int f(void) { return sizeof(__FILE__) > 200; }\n');
    await build(desk, cwd, ['gcc', ...flags, '-c', join(cwd, 'main.c'), '-o', 'main.o']);
  }
  const stats = await desk.stats();
  expect([stats.misses, stats.lost]).toEqual([2, { 'folder-unproven': 1 }]);
  const { last } = await why(desk, join(folders[1]!, 'main.o'));
  expect(last).toMatchObject({ outcome: 'miss', detail: 'if-proven' });
  expect(last!.text).toMatch(/^the result could depend on its folder/);
  expect(last!.hint).toContain('prefix_maps = true in p2pcache.toml');
});

describe('results that hold their folder', () => {
  const debug = ['gcc', '-g', ...flags, '-c'];

  test('are counted, explained, and shared once the project asks for prefix maps', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    const folders = ['one', 'a-second-checkout'].map(name => checkOut(desk.home, name));
    for (const cwd of folders) await build(desk, cwd, [...debug, join(cwd, 'main.c'), '-o', 'main.o']);
    const stats = await desk.stats();
    expect([stats.misses, stats.lost]).toEqual([2, { 'folder-bound': 2 }]);
    const { last } = await why(desk, join(folders[1]!, 'main.o'));
    expect(last).toMatchObject({ outcome: 'miss', detail: 'this-folder' });
    expect(last!.text).toMatch(/^the result holds its folder/);
    expect(last!.hint).toContain('prefix_maps = true in p2pcache.toml');

    await desk.ok('stats', '--zero');
    for (const cwd of folders) {
      writeFileSync(join(cwd, 'p2pcache.toml'), 'prefix_maps = true\n');
      await build(desk, cwd, [...debug, join(cwd, 'main.c'), '-o', 'main.o']);
    }
    const { misses, hits, lost } = await desk.stats();
    expect([misses, hits.memory, lost]).toEqual([1, 1, {}]);
  });

  const compilers = ['gcc', 'clang'].filter(name => missingTool(name) === undefined);
  const spellings: [spelling: string, source: (cwd: string) => string][] = [
    ['relative', () => '../main.c'],
    ['absolute', cwd => join(cwd, 'main.c')],
  ];
  const cases = compilers.flatMap(name => spellings.map(([text, spell]) => [name, text, spell] as const));

  test.skipIf(missingTool('gdb') !== undefined).each(cases)(
    'gdb finds the sources in both folders: %s, %s name',
    async (compiler, _spelling, source) => {
      await using rig = await Rig.create();
      const desk = rig.member('desk', { P2PCACHE_PREFIX_MAPS: 'on' });
      for (const [i, name] of ['one', 'a-second-checkout'].entries()) {
        const root = checkOut(desk.home, name);
        const cwd = join(root, 'build');
        mkdirSync(cwd);
        await build(desk, cwd, [compiler, '-g', `-I${root}/second`, '-c', source(root), '-o', 'main.o']);
        expect((await desk.stats()).hits.memory).toBe(i);
        const program = join(cwd, 'main');
        await build(desk, cwd, [compiler, 'main.o', '-o', program]);
        const gdb = ['gdb', '-nx', '-batch', '-ex', 'list main', program];
        expect((await desk.exec(gdb, { cwd: root })).stdout).toContain('return LIMIT');
        const elsewhere = ['-ex', `set substitute-path /proc/self/cwd ${root}`];
        const away = await desk.exec([...gdb.slice(0, 3), ...elsewhere, ...gdb.slice(3)], { cwd: '/' });
        expect(away.stdout).toContain('return LIMIT');
      }
    },
  );
});

/** A program of its own that runs the system's gcc. */
function anotherCompiler(folder: string): string {
  const [source, program] = [join(folder, 'compiler.c'), join(folder, 'gcc')];
  const run = 'execv(argv[0] = "/usr/bin/gcc", argv)';
  writeFileSync(source, `#include <unistd.h>\nint main(int argc, char **argv) { return argc && ${run}; }\n`);
  execFileSync('/usr/bin/gcc', [source, '-o', program]);
  return program;
}
