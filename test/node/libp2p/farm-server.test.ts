// What the working side tells of itself, and when: whoever waits for a job hears of life in time, bystanders hear seldom.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FarmHub } from '../../../node/libp2p/farm-hub.ts';
import type { FarmServer } from '../../../node/libp2p/farm-server.ts';
import { digestOf } from '../../../src/digest.ts';
import { Worker } from '../../../src/farm/worker.ts';
import { farmGatherMs, offerTellMs, workerSignMs } from '../../../src/limits.ts';
import { farmRequestToWire } from '../../../src/protocol/farm.ts';
import { generateIdentity } from '../../../src/team/identity.ts';
import { ManualClock } from '../../support/manual-clock.ts';

let folder: string;
let clock: ManualClock;
let client: FarmServer;
let bystander: FarmServer;
let worker: Worker;
let told: string[];
/** Jobs at the worker as each answer went out. */
let jobsAtAnswers: number[];
let isOwnerBack: boolean;
let toldBystander: string[];
/** Has the jobs that began get on, and fail. */
let fail: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'p2pcache-farm-server-'));
  clock = new ManualClock();
  const hub = new FarmHub(clock);
  const kindOf = (message: unknown) => (message as string[])[0]!;
  told = [];
  toldBystander = [];
  const begun = Promise.withResolvers<undefined>();
  fail = () => begun.reject(new Error('the bytes cannot be had'));
  jobsAtAnswers = [];
  isOwnerBack = false;
  client = hub.serve(generateIdentity().key, message => {
    told.push(kindOf(message));
    if (kindOf(message) === 'refused') jobsAtAnswers.push(worker.runningJobs);
  });
  bystander = hub.serve(generateIdentity().key, message => toldBystander.push(kindOf(message)));
  worker = new Worker({
    identity: generateIdentity(),
    teamId: 'team',
    clock,
    dir: join(folder, 'jobs'),
    sandbox: { kind: 'none', canShow: false, run: () => Promise.reject(new Error('nothing runs here')) },
    slots: 1,
    files: { here: () => begun.promise, bring: () => begun.promise },
    maySubmit: () => true,
    isBusy: () => isOwnerBack,
    keepBlob: async () => {},
    onOffer: () => hub.tellOffers(),
    onEnd: () => {},
  });
  hub.lend(worker);
});

afterEach(() => {
  client.stop();
  bystander.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a sign of life while a job runs: every so often, unless something else was said meanwhile', async () => {
  await startJob();
  clock.advance(workerSignMs);
  told.length = 0;
  clock.advance(3 * workerSignMs);
  expect(told).toEqual(['offer', 'offer', 'offer']);
  client.tellOffer();
  clock.advance(workerSignMs);
  expect(told).toHaveLength(4);
  clock.advance(workerSignMs);
  expect(told).toHaveLength(5);
});

test('those without a job here hear of the slots that are taken, but not at once', async () => {
  await turn();
  clock.advance(farmGatherMs);
  toldBystander.length = 0;
  await startJob();
  expect(told).toContain('offer');
  clock.advance(offerTellMs - farmGatherMs - 1);
  expect(toldBystander).toEqual([]);
  clock.advance(1);
  expect(toldBystander).toEqual(['offer']);
});

test('those without a job here who came in vain hear when they may come again, though others have the slot', async () => {
  await startJob();
  clock.advance(2 * offerTellMs);
  isOwnerBack = true;
  worker.look();
  bystander.onFrame(jobFrame(2)); // in vain
  await turn();
  clock.advance(2 * offerTellMs);
  toldBystander.length = 0;
  isOwnerBack = false;
  worker.look();
  await turn();
  clock.advance(offerTellMs);
  expect(toldBystander).toEqual(['offer']);
});

test('an answer goes out before the next job begins', async () => {
  await startJob(1);
  await startJob(2);
  expect(told.filter(kind => kind === 'started')).toHaveLength(1);
  told.length = 0;
  fail();
  for (let turns = 0; turns < 5; turns++) await turn();
  expect(told).toEqual(['refused', 'refused']);
  expect(jobsAtAnswers[0]).toBe(2);
  clock.advance(farmGatherMs);
  expect(told.at(-1)).toBe('offer'); // the slot is free: its client hears of it without waiting
});

test('a job that begins is told together with what it does to the offer', async () => {
  await turn();
  clock.advance(farmGatherMs);
  told.length = 0;
  await startJob();
  expect(told).toEqual(['started', 'offer']);
});

test('whoever comes in vain hears first that the machine takes nothing now, and does not come again', async () => {
  await turn();
  clock.advance(farmGatherMs);
  told.length = 0;
  isOwnerBack = true;
  run(1);
  await turn();
  expect(told).toEqual(['offer', 'refused']);
});

async function startJob(id = 1): Promise<void> {
  run(id);
  await turn();
  clock.advance(farmGatherMs);
  expect(told).toContain('started');
}

function run(id: number): void {
  client.onFrame(jobFrame(id));
}

function jobFrame(id: number) {
  const job = {
    toolchain: digestOf('toolchain'),
    compiler: '/usr/bin/gcc',
    arguments: ['-c', 'a.c'],
    added: [],
    cwd: '/work',
    root: '/work',
    spelledCwd: '/work',
    places: [],
    environment: [],
  };
  const request = { job, epoch: 0, toldBefore: 0, entries: [], blobs: new Map(), joins: false };
  return farmRequestToWire({ kind: 'run', id, request });
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
