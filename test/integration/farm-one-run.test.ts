// Two clients that want the same compile at the same moment have it run once, however many workers are idle.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { offerTellMs } from '../../src/limits.ts';
import {
  busy,
  checkout,
  isAtWorker,
  objectOf,
  oneSlot,
  ownCompiler,
  plainObject,
  processesNamed,
  release,
  startCompile,
  untilFarm,
  waiting,
  waits,
} from '../support/farm-rig.ts';
import { Rig, type RigMember } from '../support/rig.ts';

/** Nothing in the object names a folder, so it is the same for both. */
const noDebugInfo = ['-g0'];

test.each([
  { name: 'the same source, at once', own: 'int answer;\n', afterMs: 0, runs: 1 },
  {
    name: 'the same source, once it has heard what runs',
    own: 'int answer;\n',
    afterMs: offerTellMs,
    runs: 1,
  },
  { name: 'a source of its own', own: 'int other;\n', afterMs: 0, runs: 2 },
])('a client that comes second with $name: $runs at workers', async ({ own, afterMs, runs }) => {
  await using rig = await Rig.create();
  const clients = ['ann', 'ben'].map(name => rig.member(name, oneSlot));
  const workers = ['one', 'two', 'three'].map(name => rig.member(name, {}));
  const [ann, ben] = (await rig.join([...clients, ...workers])) as [RigMember, RigMember];
  for (const worker of workers) await worker.ok('farm', 'on', '--slots', '1');
  for (const client of clients) await untilFarm(client, view => view.workers.length === workers.length);
  const compiler = ownCompiler(ann, 'waits', `if (${isAtWorker}) { ${waits} }`);
  const folders = [checkout(ann, 'a', 'int answer;\n'), checkout(ben, 'b', own)];
  const plain = [
    await plainObject(ann, [compiler, ...noDebugInfo], folders[0]!),
    await plainObject(ben, [compiler, ...noDebugInfo], folders[1]!),
  ];
  await using _ann = await busy(ann);
  await using _ben = await busy(ben);

  const first = await startCompile(ann, [compiler, ...noDebugInfo], folders[0]!);
  while (waiting(compiler, 'worker').length === 0) await sleep(10);
  await sleep(afterMs === 0 ? 0 : afterMs + 500);
  const second = await startCompile(ben, [compiler, ...noDebugInfo], folders[1]!);
  await untilFarm(ben, ({ running }) => running.elsewhere === 1);
  await sleep(500);
  expect(processesNamed(compiler).length).toBe(1); // nobody began a second one

  for (let run = 0; run < runs; run++) {
    await release(compiler, 'worker');
    while (waiting(compiler, 'worker').length > 0) await sleep(10);
  }
  expect([await first.ended, await second.ended].map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(folders.map(objectOf)).toEqual(plain);
  const views = await Promise.all(workers.map(worker => worker.farm()));
  expect(views.reduce((sum, { jobs }) => sum + jobs.ranForOthers, 0)).toBe(2);
  const joined = workers.map(worker => readFileSync(join(worker.home, 'log', 'daemon.log'), 'utf8')).join('');
  expect([...joined.matchAll(/"detail":"joined"/g)].length).toBe(2 - runs);
});
