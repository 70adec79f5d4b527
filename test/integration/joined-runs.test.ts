// One compile that two clients want at once runs once at a worker, in the real sandbox; not where their files differ.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bubblewrap, bubblewrapTrouble } from '../../node/system/bubblewrap.ts';
import { childProcesses } from '../../node/system/child-processes.ts';
import { realClock } from '../../node/system/real-clock.ts';
import type { Digest } from '../../src/digest.ts';
import { ClientCopy, OwnFileChanged } from '../../src/farm/client-copy.ts';
import { type JobRunEnd, runJob } from '../../src/farm/job-run.ts';
import { JoinedRuns } from '../../src/farm/joined-runs.ts';
import { LocalTree } from '../../src/farm/local-tree.ts';
import { MacroLibraries } from '../../src/farm/macro-libraries.ts';
import type { Sandbox } from '../../src/farm/sandbox.ts';
import { ToldFiles } from '../../src/farm/told-files.ts';
import { Toolchains } from '../../src/farm/toolchain.ts';
import type { TreeEntry } from '../../src/protocol/tree-entry.ts';
import { type SharedParts, sharedParts } from '../support/compile-rig.ts';

const trouble = await bubblewrapTrouble();
if (trouble !== undefined) console.warn(`SKIPPED: ${trouble}`);

let parts: SharedParts;
let folder: string;

beforeAll(async () => {
  parts = await sharedParts();
  folder = mkdtempSync(join(tmpdir(), 'p2pcache-joined-'));
  mkdirSync(join(folder, 'project'));
});

afterAll(() => {
  for (const each of [folder, parts.folder]) rmSync(each, { recursive: true, force: true });
});

test.skipIf(trouble !== undefined)('the same compile of two clients runs once', async () => {
  const { runs, ends } = await runTwice('int a;\n', 'int a;\n');
  expect(runs).toBe(1);
  const [first, second] = ends.map(end => end.status === 'fulfilled' && objectOf(end.value));
  expect(first).toBeDefined();
  expect(second).toBe(first);
  expect(ends[1]).toMatchObject({ value: { isJoined: true } });
});

test.skipIf(trouble !== undefined)('a client whose source is another gets its own object', async () => {
  const { runs, ends } = await runTwice('int a;\n', 'int a, b;\n');
  expect(runs).toBe(2);
  const [first, second] = ends.map(end => end.status === 'fulfilled' && objectOf(end.value));
  expect(first).toBeDefined();
  expect(second).toBeDefined();
  expect(second).not.toBe(first);
});

test.skipIf(trouble !== undefined)('a run that is cancelled leaves the other client its own', async () => {
  const { runs, ends } = await runTwice('int a;\n', 'int a;\n', 'cancelled');
  expect(runs).toBe(2);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

test.skipIf(trouble !== undefined)(
  'a compiler of the worker’s own that changed meanwhile has made nothing',
  async () => {
    const still = await runTwice('int a;\n', 'int a, b;\n', undefined, () => true);
    expect(still.ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    let looks = 0; // the second waits for the first: each looks before its run and after it
    const changed = await runTwice('int a;\n', 'int a, b;\n', undefined, () => looks++ % 2 === 0);
    expect(changed.runs).toBe(2);
    const gone = await runTwice('int a;\n', 'int a, b;\n', undefined, () => false);
    expect(gone.runs).toBe(0);
    for (const end of [...changed.ends, ...gone.ends])
      expect(end).toMatchObject({ reason: expect.any(OwnFileChanged) });
  },
);

test.skipIf(trouble !== undefined)('a job in C has its allocations in huge pages', async () => {
  const { environments } = await runTwice('int a;\n', 'int a;\n');
  expect(environments[0]?.get('GLIBC_TUNABLES')).toBe('glibc.malloc.hugetlb=1');
});

/** The same job of two clients, whose sources are these; the first begins to run only once the second is there too. */
async function runTwice(first: string, second: string, fate?: 'cancelled', isStill?: () => boolean) {
  const abort = new AbortController();
  const cwd = join(folder, 'project');
  const { states, observer } = parts;
  const copies: ClientCopy[] = [];
  let toolchain: Digest | undefined;
  for (const text of [first, second]) {
    writeFileSync(join(cwd, 'a.c'), text);
    const tree = new LocalTree(states);
    const toolchains = new Toolchains({
      states,
      tree,
      processes: childProcesses,
      observer: () => observer,
      clock: realClock,
      scratch: folder,
    });
    const captured = await toolchains.of('/usr/bin/gcc', states.stateOf('/usr/bin/gcc') as Digest, 'c');
    const copy = new ClientCopy(mkdtempSync(join(folder, 'client-')));
    const news = new ToldFiles(tree).news([join(cwd, 'a.c'), `${cwd}/.`]);
    const cc1 = captured!.entries.find(({ path }) => path.endsWith('/cc1')) as TreeEntry & { kind: 'file' };
    copy.apply(
      [...captured!.entries, ...news],
      digest => tree.bytesOf(digest),
      digest => (isStill && digest === cc1.digest ? { path: cc1.path, isStill } : undefined),
    );
    copies.push(copy);
    toolchain = captured!.digest;
  }
  const job = {
    toolchain: toolchain!,
    compiler: '/usr/bin/gcc',
    arguments: ['-c', 'a.c', '-o', 'a.o'],
    added: [],
    cwd,
    root: cwd,
    spelledCwd: cwd,
    places: [],
    environment: [['PATH', '/usr/bin:/bin']] as const,
  };
  const gate = Promise.withResolvers<void>();
  const real = new Bubblewrap(observer, undefined);
  const environments: ReadonlyMap<string, string>[] = [];
  const sandbox: Sandbox = {
    kind: 'counted',
    canShow: true,
    run: async (run, signal) => {
      environments.push(run.environment);
      await gate.promise;
      return real.run(run, signal);
    },
  };
  const joined = new JoinedRuns();
  const macros = new MacroLibraries();
  const never = new AbortController().signal;
  const running = copies.map((copy, i) =>
    runJob(job, { sandbox, copy, dir: join(folder, 'jobs'), joined, macros }, i === 0 ? abort.signal : never),
  );
  if (fate === 'cancelled') abort.abort(new Error('cancelled'));
  gate.resolve();
  const ends = await Promise.allSettled(running);
  return { runs: environments.length, environments, ends };
}

function objectOf(end: JobRunEnd): string | undefined {
  return end.kind === 'done'
    ? end.claim.result.outputFiles.find(({ path }) => path === 'a.o')?.digest
    : undefined;
}
