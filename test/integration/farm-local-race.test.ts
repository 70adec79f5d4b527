// A compile that takes long at a worker runs at home as well, as soon as home has nothing else to do: whoever is done first
// counts, and nothing of the other one is left. Compilers here wait for SIGUSR1, so that the test decides who that is.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  busy,
  checkout,
  isAtWorker,
  objectOf,
  ownCompiler,
  plainObject,
  processesNamed,
  release,
  startCompile,
  stuckCompiler,
  untilFarm,
  waiting,
  waits,
  workerAndClients,
} from '../support/farm-rig.ts';
import { Rig, type RigMember, type Started } from '../support/rig.ts';

/** What the compiler proper does at home, before it would begin: it never does. */
const stuck = {
  'waits for ever': 'for (;;) pause();',
  'does not heed a request to end': 'signal(SIGTERM, SIG_IGN); for (;;) pause();',
  'has left a process behind that does not end with it':
    'if (fork() == 0) { if (fork() == 0) { signal(SIGTERM, SIG_IGN); for (;;) pause(); } _exit(0); } for (;;) pause();',
  'starts another when it is told to end':
    'void again(int n) { (void)n; if (fork() != 0) _exit(1); for (;;) pause(); } signal(SIGTERM, again); for (;;) pause();',
};

test.each(Object.entries(stuck))(
  'the worker is first: the compiler here, which %s, ends with all it began',
  async (_, behaviour) => {
    await using rig = await Rig.create();
    const [, client] = await workerAndClients(rig, 'client');
    const race = await startRace(client!, behaviour);
    await release(race.compiler, 'worker');
    expect(await race.compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(objectOf(race.folder)).toBe(race.plain);
    expect(readdirSync(race.folder).sort()).toEqual(['a.c', 'a.o']);
    expect(readdirSync(race.temporary)).toEqual([]);
    expect(processesNamed(race.part)).toEqual([]);
    // One is of the compile that kept this machine busy before, and was killed.
    const logs = readdirSync(join(client!.home, 'run')).filter(name => name.startsWith('observed'));
    expect(logs.length).toBe(1);
    const { running, jobs } = await untilFarm(client!, view => view.running.here === 0);
    expect([running.elsewhere, jobs.done, jobs.returned]).toEqual([0, 1, { 'raced-here': 1 }]);
    expect((await client!.stats()).misses).toBe(1);
  },
);

test('the worker is first, and an assembler at the end of a pipe has begun the object', async () => {
  await using rig = await Rig.create();
  const [, client] = await workerAndClients(rig, 'client');
  const race = await startRace(client!, stuck['waits for ever'], ['-pipe']);
  const object = join(race.folder, 'a.o');
  while (!(statSync(object, { throwIfNoEntry: false })?.size === 0)) await sleep(10);
  await release(race.compiler, 'worker');
  expect(await race.compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(objectOf(race.folder)).toBe(race.plain);
  expect(processesNamed(race.part)).toEqual([]);
  expect((await untilFarm(client!, view => view.running.here === 0)).jobs.done).toBe(1);
});

test('this machine is first: the job at the worker is cancelled', async () => {
  await using rig = await Rig.create();
  const [worker, client] = await workerAndClients(rig, 'client');
  const compiler = stuckCompiler(client!);
  const folder = checkout(client!, 'first');
  const plain = await plainObject(client!, compiler, folder);
  const compile = await startAtWorker(client!, compiler, folder);
  expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(objectOf(folder)).toBe(plain);
  await untilFarm(worker!, ({ lending }) => lending?.jobs === 0);
  expect(processesNamed(compiler)).toEqual([]);
  const { jobs } = await client!.farm();
  expect([jobs.done, jobs.returned, jobs.stayed]).toMatchObject([
    0,
    { 'raced-here': 1 },
    { 'raced-here': 1 },
  ]);
});

/** What cannot be undone: a worker's result comes too late after it. */
const beginnings = {
  'has said something': { begin: 'fputs("early\\n", stderr);', stderr: 'early\n' },
  'has begun its object': { begin: 'close(open("a.o", O_WRONLY | O_CREAT | O_TRUNC, 0600));', stderr: '' },
};

test.each(Object.entries(beginnings))(
  'the worker is first, but the compiler here %s: it goes on',
  async (_, { begin, stderr }) => {
    await using rig = await Rig.create();
    const [worker, client] = await workerAndClients(rig, 'client');
    const says = `if (!(${isAtWorker})) { ${begin} } ${waits}`;
    const compiler = ownCompiler(
      client!,
      'begun',
      `if (argc > 2 && !strcmp(argv[argc - 1], "a.o")) { ${says} }`,
    );
    const folder = checkout(client!, 'begun');
    const plain = await plainObject(client!, '/usr/bin/gcc', folder);
    const compile = await startAtWorker(client!, compiler, folder);
    while (waiting(compiler, 'home').length === 0) await sleep(10);
    await release(compiler, 'worker');
    await untilFarm(worker!, ({ jobs }) => jobs.ranForOthers === 1);
    await untilFarm(client!, ({ running }) => running.elsewhere === 0);
    for (let i = 0; i < 20; i++) await client!.farm(); // time in which the launcher could be wrong
    await release(compiler, 'home');
    expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr });
    expect(objectOf(folder)).toBe(plain);
    expect((await client!.farm()).jobs.done).toBe(0);
  },
);

interface LocalRace {
  readonly compile: Started;
  readonly folder: string;
  readonly plain: string;
  /** Where the compiler here keeps its temporary files. */
  readonly temporary: string;
  /** The part of the compiler that is stuck here. */
  readonly part: string;
  readonly compiler: string;
}

/** A compile that waits at the worker, and at home is stuck in the middle, as a part of the real gcc. */
async function startRace(
  client: RigMember,
  behaviour: string,
  options: readonly string[] = [],
): Promise<LocalRace> {
  const temporary = join(client.home, 'temporary');
  mkdirSync(temporary);
  const part = ownCompiler(
    client,
    'part',
    `if (strstr(argv[1], "/cc1")) { ${behaviour} } execv(argv[1], argv + 1);`,
  );
  // It has gcc run each of its programs by way of that one; not where it is asked what it is made of.
  const atHome = `int is_source = 0;
    static char *more[64] = {"/usr/bin/gcc", "-wrapper", "${part}"};
    for (int i = 1; i < argc; i++) { more[i + 2] = argv[i]; is_source |= !strcmp(argv[i], "a.c"); }
    if (is_source) { setenv("TMPDIR", "${temporary}", 1); execv(more[0], more); }`;
  const compiler = ownCompiler(client, 'waits', `if (${isAtWorker}) { ${waits} } else { ${atHome} }`);
  const folder = checkout(client, 'race');
  const plain = await plainObject(client, ['/usr/bin/gcc', ...options], folder);
  const compile = await startAtWorker(client, [compiler, ...options], folder);
  while (processesNamed(part).length === 0) await sleep(10);
  return { compile, compiler, folder, plain, temporary, part };
}

/** Starts a compile that leaves, and then leaves this machine idle. */
async function startAtWorker(
  client: RigMember,
  command: string | readonly string[],
  folder: string,
): Promise<Started> {
  await using _ = await busy(client);
  const compile = await startCompile(client, command, folder);
  await untilFarm(client, ({ running }) => running.elsewhere === 1);
  return compile;
}
