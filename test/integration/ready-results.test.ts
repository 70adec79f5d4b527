// A command that is given again: its launcher asks nobody, and is never wrong for it. Real launchers and gcc; each case first sees
// that nobody was asked, changes one thing, and sees that it was noticed.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  CompileRig,
  type RunOptions,
  runCommand,
  type SharedParts,
  sharedParts,
} from '../support/compile-rig.ts';

let shared: Promise<SharedParts> | undefined;
afterAll(async () => rmSync((await shared)?.folder ?? '/nonexistent', { recursive: true, force: true }));

/** A compile of a source and a header, given often enough that its result is ready. */
class Repeated implements AsyncDisposable {
  readonly rig: CompileRig;
  readonly cwd: string;
  argv = ['gcc', '-Iinc', '-c', 'a.c', '-o', 'a.o'];
  env: RunOptions['env'] = {};

  private constructor(rig: CompileRig) {
    this.rig = rig;
    this.cwd = mkdtempSync(join(rig.home, 'project-'));
    mkdirSync(join(this.cwd, 'inc'));
    writeFileSync(join(this.cwd, 'a.c'), '#include <h.h>\nint x = N;\n');
    writeFileSync(join(this.cwd, 'inc/h.h'), '#define N 1\n');
  }

  static async start(): Promise<Repeated> {
    shared ??= sharedParts();
    const repeated = new Repeated(await CompileRig.start(await shared));
    await repeated.beReady();
    return repeated;
  }

  get dir(): string {
    return join(this.rig.home, 'run/ready');
  }

  /** The file of the one command. */
  get file(): string {
    const names = readdirSync(this.dir).filter(name => !name.includes('.'));
    expect(names).toHaveLength(1);
    return join(this.dir, names[0]!);
  }

  async beReady(): Promise<void> {
    // of what was changed a moment ago nothing is remembered yet
    for (let tries = 0; tries < 100; tries++) if ((await this.run()).asked === 0) return;
    throw new Error('a repeated command asks every time');
  }

  /** Compiles as ever: how often the daemon was asked, and what was counted. */
  async run(): Promise<{ asked: number; hits: number; object: string }> {
    const before = [this.rig.asked, this.rig.hitCount()] as const;
    rmSync(join(this.cwd, 'a.o'), { force: true });
    const ran = await this.rig.cached(this.argv, { cwd: this.cwd, ...(this.env && { env: this.env }) });
    expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
    const object = readFileSync(join(this.cwd, 'a.o'), 'latin1');
    return { asked: this.rig.asked - before[0], hits: this.rig.hitCount() - before[1], object };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rig[Symbol.asyncDispose]();
  }
}

test('nobody is asked, and the hit is counted all the same', async () => {
  await using repeated = await Repeated.start();
  expect(await repeated.run()).toMatchObject({ asked: 0, hits: 1 });
});

test('an input that changed, or one that is there now, is noticed', async () => {
  await using repeated = await Repeated.start();
  const { object } = await repeated.run();
  writeFileSync(join(repeated.cwd, 'inc/h.h'), '#define N 2\n');
  const changed = await repeated.run();
  expect(changed).toMatchObject({ asked: 1, hits: 0 });
  expect(changed.object).not.toBe(object);
  await repeated.beReady();
  // found before the other: beside the source is not looked for <h.h>, but along CPATH before the system's folders
  writeFileSync(
    join(repeated.cwd, 'inc/h.h'),
    '#if __has_include(<other.h>)\n#define N 3\n#else\n#define N 4\n#endif\n',
  );
  await repeated.beReady();
  const without = await repeated.run();
  writeFileSync(join(repeated.cwd, 'inc/other.h'), '');
  const within = await repeated.run();
  expect(within).toMatchObject({ asked: 1, hits: 0 });
  expect(within.object).not.toBe(without.object);
});

test.each([
  ['a variable that the compiler asks for', { CPATH: '/nonexistent' }],
  ['a language', { LC_ALL: 'C.UTF-8' }],
  ['another PATH', { PATH: `/nonexistent:${process.env.PATH}` }],
  ['a mode', { P2PCACHE_MODE: 'write' }],
  ['a log of every input', { P2PCACHE_DEBUG: '/dev/null' }],
])('%s is noticed', async (_, env) => {
  await using repeated = await Repeated.start();
  repeated.env = env;
  expect(await repeated.run()).toMatchObject({ asked: 1 });
});

test('limits are noticed', async () => {
  await using repeated = await Repeated.start();
  const [launcher, cwd] = [repeated.rig.launcher, repeated.cwd];
  const limited = `ulimit -f 100; exec ${launcher} ${repeated.argv.join(' ')}`;
  const before = repeated.rig.asked;
  const env = { P2PCACHE_HOME: repeated.rig.home };
  expect(await runCommand(['/bin/sh', '-c', limited], { cwd, env })).toMatchObject({ exitCode: 0 });
  expect(repeated.rig.asked).toBe(before + 1);
});

test('another command is another one, though it differs in one argument', async () => {
  await using repeated = await Repeated.start();
  repeated.argv = ['gcc', '-Iinc', '-O1', '-c', 'a.c', '-o', 'a.o'];
  expect(await repeated.run()).toMatchObject({ asked: 1, hits: 0 });
});

test.each<[string, (file: string) => void]>([
  ['one bit', file => flip(file, 40)],
  ['one bit of the object', file => flip(file, readFileSync(file).length - 200)],
  ['one bit of the command', file => flip(file, 14)],
  ['its end', file => truncateSync(file, readFileSync(file).length - 1)],
  ['all but its head', file => truncateSync(file, 8)],
  ['everything', file => truncateSync(file, 0)],
  ['nothing, but more was added', file => appendFileSync(file, 'x')],
])('of a file that lost %s nothing is used', async (_, damage) => {
  await using repeated = await Repeated.start();
  const { object } = await repeated.run();
  damage(repeated.file);
  expect(await repeated.run()).toEqual({ asked: 1, hits: 1, object });
});

test('of a file that holds the result of another command nothing is used', async () => {
  await using repeated = await Repeated.start();
  const { object } = await repeated.run();
  const file = repeated.file;
  repeated.argv = ['gcc', '-Iinc', '-c', 'a.c', '-o', 'a.o', '-DX', '-g'];
  await repeated.beReady();
  const other = readdirSync(repeated.dir).find(name => join(repeated.dir, name) !== file);
  copyFileSync(join(repeated.dir, other!), file);
  repeated.argv = ['gcc', '-Iinc', '-c', 'a.c', '-o', 'a.o'];
  expect(await repeated.run()).toEqual({ asked: 1, hits: 1, object });
});

test('what is cleared is asked for', async () => {
  await using repeated = await Repeated.start();
  repeated.rig.ready.clear();
  expect(await repeated.run()).toMatchObject({ asked: 1, hits: 1 });
  await repeated.beReady();
});

test('without a daemon that reads what launchers tell, nothing is taken', async () => {
  await using repeated = await Repeated.start();
  const pipe = join(repeated.rig.home, 'run/hits');
  rmSync(pipe);
  execFileSync('mkfifo', [pipe]);
  const before = repeated.rig.asked;
  const ran = await repeated.rig.cached(repeated.argv, { cwd: repeated.cwd });
  expect(ran.exitCode).toBe(0);
  expect(repeated.rig.asked).toBe(before + 1);
});

test('launchers whose pipe is full ask, and the next ones need not', async () => {
  await using repeated = await Repeated.start();
  const before = repeated.rig.asked;
  fill(join(repeated.rig.home, 'run/hits'));
  const ran = await repeated.rig.cached(repeated.argv, { cwd: repeated.cwd });
  expect([ran.exitCode, repeated.rig.asked]).toEqual([0, before + 1]);
  await repeated.beReady();
});

/** Tells what nobody understands, until no more goes in. */
function fill(pipe: string): void {
  const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(fd, Buffer.alloc(32));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
  } finally {
    closeSync(fd);
  }
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
}
