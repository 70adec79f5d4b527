// What a client takes from a worker that means harm: nothing but a result for the very inputs that it has itself, signed by
// that worker, whose files go where the command itself would have written them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { realClock } from '../../node/system/real-clock.ts';
import type { ActionResult } from '../../src/actions/action-result.ts';
import type { Results } from '../../src/actions/results.ts';
import { encodeRecord, type RecordClaim } from '../../src/actions/signed-record.ts';
import { identifyCompile } from '../../src/compile/compile-identity.ts';
import { compileKeys } from '../../src/compile/compile-key.ts';
import type { CompileTicket } from '../../src/compile/compile-request.ts';
import { FileStates } from '../../src/compile/file-states.ts';
import { encodeManifest, findInputs, type InputSet, underKey } from '../../src/compile/input-manifest.ts';
import { Manifests } from '../../src/compile/manifests.ts';
import { digestOf, emptyDigest } from '../../src/digest.ts';
import { type TakingParts, takeOutcome } from '../../src/farm/taken-outcome.ts';
import { generateIdentity, type Identity } from '../../src/team/identity.ts';
import { sampleRecord } from '../support/sample-record.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const states = new FileStates(realClock);
const worker = generateIdentity();
const object = Buffer.from('an object');
const digest = digestOf(object);
const set: InputSet = {
  reads: ['a.c'],
  missing: [],
  exists: [],
  listed: [],
  resolved: [],
  environment: [],
};

test('a sound result is taken', async () => {
  expect(await take({})).toBeDefined();
});

test.each([
  ['above the folder', '../a.o'],
  ['above it by a detour', 'sub/../../a.o'],
  ['absolute', '/etc/cron.d/job'],
  ['in the home folder', '../../.bashrc'],
  ['beside the source under another name', 'configure'],
  ['the source itself, below another folder', 'sub/a.c'],
  ['in the folder of the output, by a name that is none', 'a.o/..'],
  ['with a zero byte', 'a.o\0'],
])('an output %s is refused', async (_, path) => {
  const outputFiles = [
    { path: 'a.o', digest, isExecutable: false },
    { path, digest, isExecutable: false },
  ];
  expect(await take({ result: resultOf(outputFiles) })).toBeUndefined();
});

test('a link in the place of a file cannot even be said', async () => {
  const link = { path: 'a.o', digest: '/etc/shadow' as typeof digest, isExecutable: false };
  expect(await take({ result: resultOf([link]) })).toBeUndefined();
});

test.each<[string, Partial<RecordClaim>]>([
  ['another action', { action: digestOf('another') }],
  ['a result that it claims to have made at home', { origin: 'local' }],
  ['a manifest', { kind: 'manifest' }],
])('%s is refused', async (_, claim) => {
  expect(await take(claim)).toBeUndefined();
});

test('a result that another member signed, or whose bytes are others, is refused', async () => {
  expect(await take({}, generateIdentity())).toBeUndefined();
  expect(await take({}, worker, Buffer.from('another object'))).toBeUndefined();
});

function resultOf(outputFiles: ActionResult['outputFiles']): ActionResult {
  return { outputFiles, stdout: emptyDigest, stderr: emptyDigest, exitCode: 0 };
}

/** What a client makes of a record with this claim, signed by `signer` and sent by `worker`. */
async function take(claim: Partial<RecordClaim>, signer: Identity = worker, sent: Buffer = object) {
  const ticket = await compileOfA();
  const { identity, keys } = ticket;
  const there = findInputs(set, identity.folder, identity.environment, states)!;
  const { action } = underKey(keys.bound, there);
  const result = resultOf([{ path: 'a.o', digest, isExecutable: false }]);
  const record = sampleRecord(signer, { action, result, origin: 'farm', ...claim });
  const outcome = {
    kind: 'done',
    set: encodeManifest([set]),
    records: [encodeRecord(record)],
    blobs: new Map([[digest, sent]]),
  } as const;
  return takeOutcome(outcome, worker.key, ticket, partsOf(), AbortSignal.timeout(5_000));
}

async function compileOfA(): Promise<CompileTicket> {
  const cwd = join(await temporaryFolder(), 'project');
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'a.c'), 'int a;\n');
  const request = {
    compiler: '/usr/bin/gcc',
    argv: ['gcc', '-c', 'a.c', '-o', 'a.o'],
    cwd,
    environment: () => undefined,
    variables: () => ({}),
    stderrIsTerminal: false,
  };
  const identity = identifyCompile(request, states, () => '');
  if ('uncached' in identity) throw new Error(identity.uncached);
  return {
    request,
    identity,
    keys: compileKeys(identity),
    settings: { mode: 'read-write', prefixMaps: false, farm: 'auto', checks: [] },
  };
}

function partsOf(): TakingParts {
  const results = {
    adopt: async () => {},
    keep: async () => {},
    findHere: async () => [],
    findAtPeers: async () => [],
  } as unknown as Results;
  return {
    states,
    results,
    manifests: new Manifests(results),
    mayVouch: () => true,
    fetchBlob: async () => undefined,
    events: { refused: () => {} },
  };
}
