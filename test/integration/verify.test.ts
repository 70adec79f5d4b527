// Making results again through real daemons: what is honest comes out the same, and each kind of difference is found, named
// with its makers and its cause, and kept as evidence.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Mismatch, SampleReport } from '../../src/control-cache.ts';
import { missingTool } from '../support/real-tool.ts';
import { Rig, type RigMember } from '../support/rig.ts';

const source = '#include <stdio.h>\nint main(void) { int unused; return puts("hello"); }\n';

function project(member: RigMember, name = 'project'): string {
  const folder = join(member.home, name);
  mkdirSync(join(folder, 'out'), { recursive: true });
  writeFileSync(join(folder, 'p2pcache.toml'), '');
  writeFileSync(join(folder, 'main.c'), source);
  return folder;
}

async function build(member: RigMember, cwd: string, ...argv: string[]) {
  const ran = await member.build(argv, { cwd });
  expect([argv.join(' '), ran.exitCode]).toEqual([argv.join(' '), 0]);
}

/** Makes everything again; also says how the command ended. */
async function verifyAll(member: RigMember): Promise<SampleReport & { exitCode: number | null }> {
  const { exitCode, stdout } = await member.run('verify', '--sample', '100%', '--json');
  return { ...JSON.parse(stdout), exitCode };
}

describe('what is honest comes out the same', () => {
  const compilers = ['gcc', 'clang'].filter(name => missingTool(name) === undefined);
  test.each(compilers)('%s', async compiler => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    const cwd = project(desk);
    const commands = [
      ['-O2', '-c', 'main.c', '-o', 'out/a.o'],
      ['-O2', '-g', '-Wall', '-MD', '-c', 'main.c', '-o', 'out/b.o'],
      ['-MMD', '-MP', '-MF', 'out/c.dep', '-MT', 'c', '-c', 'main.c', '-oout/c.o'],
      [`-I${cwd}/inc`, '-Wp,-MMD,out/d.d', '-c', join(cwd, 'main.c'), '-o', join(cwd, 'out/d.o')],
      ['-S', 'main.c'],
      ['-c', 'main.c'],
    ];
    for (const args of commands) await build(desk, cwd, compiler, ...args);
    await build(desk, cwd, 'gcc', '--coverage', '-c', 'main.c', '-o', 'out/e.o');
    const files = ['out/a.o', 'out/b.d', 'out/c.dep', 'main.s', 'main.o'];
    const before = files.map(name => readFileSync(join(cwd, name)));
    const { exitCode, ...report } = await verifyAll(desk);
    expect(report).toEqual({
      chosen: 7,
      same: 6,
      skipped: { 'names-its-output': 1 },
      mismatches: [],
    });
    expect(exitCode).toBe(0);
    expect(files.map(name => readFileSync(join(cwd, name)))).toEqual(before);
    writeFileSync(join(cwd, 'main.c'), `${source}int more;\n`);
    expect((await verifyAll(desk)).skipped).toEqual({ 'inputs-changed': 7 });
    expect((await desk.stats()).misses).toBe(7);
  });
});

test('a share of them, and nothing to do', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  expect((await desk.ok('verify', '--sample', '50%')).stdout).toContain('nothing was compiled here yet');
  const cwd = project(desk);
  for (const level of ['0', '1', '2', '3'])
    await build(desk, cwd, 'gcc', `-O${level}`, '-c', 'main.c', '-o', `out/${level}.o`);
  expect(await desk.json('verify', '--sample', '50%', '--json')).toMatchObject({ chosen: 2, same: 2 });
  expect((await desk.ok('verify', '--list')).stdout).toContain('no difference was ever found');
  const bad = await desk.run('verify', '--sample', 'some');
  expect([bad.exitCode, bad.stderr]).toEqual([2, expect.stringContaining('10%')]);
});

/** A compiler whose results depend on something that no cache can see. */
function compilerWith(folder: string, text: string): string {
  const [file, program] = [join(folder, 'compiler.c'), join(folder, 'gcc')];
  writeFileSync(
    file,
    `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int argc, char **argv) {
  char macro[256], **args = calloc(argc + 2, sizeof *args);
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now); /* as the cache does not see it */
  (void)now;
  snprintf(macro, sizeof macro, ${text});
  memcpy(args, argv, argc * sizeof *args);
  args[argc] = macro;
  execv(args[0] = "/usr/bin/gcc", args);
}
`,
  );
  execFileSync('/usr/bin/gcc', [file, '-o', program]);
  return program;
}

/** Lies where a file says so, which it looks for as the cache does not see. */
const liar = (folder: string) =>
  compilerWith(
    folder,
    '"-DSEEN=\\"%s\\"", syscall(SYS_access, "/proc/self/cwd/lie", F_OK) ? "truth" : "a lie"',
  );

const seen = 'const char *seen = SEEN; int main(void) { return 0; }\n';

test('randomness and timestamps are told apart, listed, and not held against anyone', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const causes = {
    randomness: '"-DSEEN=\\"%lx\\"", now.tv_nsec * 2654435761',
    timestamp: '"-DSEEN=\\"built 2026-01-02 12:%02ld:%02ld\\"", now.tv_nsec / 7 % 60, now.tv_nsec / 420 % 60',
  };
  for (const [cause, text] of Object.entries(causes)) {
    const cwd = project(desk, cause);
    writeFileSync(join(cwd, 'main.c'), seen);
    const compiler = compilerWith(cwd, text);
    await build(desk, cwd, 'p2pcache', 'cc', compiler, '-c', 'main.c', '-o', 'main.o');
    const { exitCode, mismatches } = await verifyAll(desk);
    const [found] = mismatches.filter(({ source: path }) => path.startsWith(cwd));
    expect(exitCode).toBe(1);
    expect(found).toMatchObject({ cause, isDisputed: false, output: join(cwd, 'main.o') });
    expect(found!.recorded.key).toBe(found!.again.key);
    expect(found!.files.map(({ path }) => path)).toEqual([join(cwd, 'main.o')]);
  }
  const { mismatches } = await desk.json<{ mismatches: Mismatch[] }>('verify', '--list', '--json');
  expect(new Set(mismatches.map(({ cause }) => cause))).toEqual(new Set(Object.keys(causes)));
  await desk.ok('stop');
  expect((await desk.ok('verify', '--list')).stdout).toMatch(/recorded by .* made again by/);
});

test('an own record that does not hold any more is made anew', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  const cwd = project(desk);
  writeFileSync(join(cwd, 'main.c'), seen);
  writeFileSync(join(cwd, 'lie'), '');
  const compile = ['p2pcache', 'cc', liar(cwd), '-c', 'main.c', '-o', 'main.o'];
  const isTrue = () => readFileSync(join(cwd, 'main.o')).includes('truth');
  await build(desk, cwd, ...compile);
  rmSync(join(cwd, 'lie'));
  await build(desk, cwd, ...compile);
  expect(isTrue()).toBe(false);
  const { mismatches } = await verifyAll(desk);
  expect(mismatches[0]).toMatchObject({ cause: 'unknown', isDisputed: true });
  for (const misses of [2, 2]) {
    await build(desk, cwd, ...compile);
    expect([isTrue(), (await desk.stats()).misses]).toEqual([true, misses]);
  }
  expect(await verifyAll(desk)).toMatchObject({ exitCode: 0, same: 1 });
});

test('a teammate’s record that does not hold is named, and does not count here any more', async () => {
  await using rig = await Rig.create();
  const [desk, lap] = (await rig.team('desk', 'lap')) as [RigMember, RigMember];
  const [there, here] = [project(desk), project(lap)];
  for (const cwd of [there, here]) writeFileSync(join(cwd, 'main.c'), seen);
  const compile = ['p2pcache', 'cc', liar(rig.folder), '-c', 'main.c', '-o', 'main.o'];
  writeFileSync(join(there, 'lie'), '');
  await build(desk, there, ...compile);
  await build(lap, here, ...compile);
  const object = join(here, 'main.o');
  expect((await lap.stats()).hits.peer).toBe(1);
  expect(readFileSync(object).includes('a lie')).toBe(true);
  const { exitCode, mismatches } = await verifyAll(lap);
  expect(exitCode).toBe(1);
  expect(mismatches[0]).toMatchObject({
    cause: 'unknown',
    isDisputed: true,
    recorded: { member: 'desk' },
    again: { member: 'lap' },
  });
  expect(mismatches[0]!.text).toMatch(/made by desk, comes out different here/);
  for (const _ of [1, 2]) {
    await build(lap, here, ...compile);
    expect(readFileSync(object).includes('truth')).toBe(true);
  }
  expect((await lap.stats()).refused.disputed).toBeGreaterThan(0);
  expect(existsSync(join(lap.home, 'mismatches.json'))).toBe(true);
});
