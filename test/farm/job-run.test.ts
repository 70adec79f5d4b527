// What is asked of the sandbox for a job, and what is never asked of it. No compiler runs here.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { ClientCopy } from '../../src/farm/client-copy.ts';
import { runJob } from '../../src/farm/job-run.ts';
import { JoinedRuns } from '../../src/farm/joined-runs.ts';
import { MacroLibraries } from '../../src/farm/macro-libraries.ts';
import { SandboxError, type SandboxRun } from '../../src/farm/sandbox.ts';
import { putFile } from '../support/put-file.ts';

let folder: string;
let copy: ClientCopy;
let runs: { readonly run: SandboxRun; readonly writable: readonly string[][] }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'p2pcache-job-'));
  copy = new ClientCopy(join(folder, 'copy'));
  runs = [];
  putFile(copy, '/usr/bin/gcc', 'a compiler');
  putFile(copy, '/w/a.c', 'int a;\n');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the folder of its output is one of its own, with what the client has there', async () => {
  await expect(compile()).rejects.toThrow('ran');
  const at = runs[0]!.run.writable.findIndex(({ path }) => path === '/w');
  expect(runs[0]!.writable[at]).toEqual(['a.c']);
  await expect.poll(() => readdirSync(join(folder, 'jobs'))).toEqual([]);
});

test('a file of the worker’s own beside its output would have to be written over: it is not run', async () => {
  writeFileSync(join(folder, 'own'), 'of the worker');
  putFile(copy, '/w/large', 'of the worker', { path: join(folder, 'own'), isStill: () => true });
  await expect(compile()).rejects.toThrow(new RangeError('an output beside /w/large'));
  expect(runs).toEqual([]);
});

function compile() {
  const job = {
    toolchain: digestOf('gcc'),
    compiler: '/usr/bin/gcc',
    arguments: ['-c', 'a.c', '-o', 'a.o'],
    added: [],
    cwd: '/w',
    root: '/w',
    spelledCwd: '/w',
    places: [],
    environment: [],
  };
  const sandbox = {
    kind: 'none',
    canShow: true,
    run: (run: SandboxRun) => {
      runs.push({ run, writable: run.writable.map(({ hostFolder }) => readdirSync(hostFolder)) });
      return Promise.reject(new SandboxError('ran'));
    },
  };
  const parts = { sandbox, copy, dir: join(folder, 'jobs'), joined: new JoinedRuns() };
  return runJob(job, { ...parts, macros: new MacroLibraries() }, new AbortController().signal);
}
