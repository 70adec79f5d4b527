// A farm between real daemons in which something goes wrong while a job runs: the build ends as it would have alone, and
// nothing of a job that nobody waits for is left at the worker.
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  busy,
  checkout,
  objectOf,
  plainObject,
  processesNamed,
  startCompile,
  stuckCompiler,
  untilFarm,
  workerAndClients,
} from '../support/farm-rig.ts';
import { Rig, type RigMember } from '../support/rig.ts';

let rig: Rig;
let worker: RigMember;
let client: RigMember;
let guest: RigMember;

beforeAll(async () => {
  rig = await Rig.create();
  [worker, client, guest] = (await workerAndClients(rig, 'client', 'guest')) as [
    RigMember,
    RigMember,
    RigMember,
  ];
});

afterAll(() => rig[Symbol.asyncDispose]());

test('a build that is interrupted takes its job back', async () => {
  await using _ = await busy(client);
  const path = stuckCompiler(client);
  const cancelled = await cancelledAtWorker();
  const compile = await startCompile(client, path, checkout(client, 'interrupted'));
  await untilHangs(path);
  process.kill(compile.pid, 'SIGINT');
  await compile.ended;
  await untilFarm(worker, ({ lending }) => lending?.jobs === 0);
  expect(await cancelledAtWorker()).toBe(cancelled + 1);
  expect(processesNamed(path)).toEqual([]);
});

test('the jobs of a client that dies end with it, and its compile runs on without a daemon', async () => {
  const path = stuckCompiler(client);
  const folder = checkout(client, 'dies');
  const plain = await plainObject(client, path, folder);
  const cancelled = await cancelledAtWorker();
  {
    await using _ = await busy(client);
    const compile = await startCompile(client, path, folder);
    await untilHangs(path);
    await client.signal('SIGKILL');
    expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  }
  expect(objectOf(folder)).toBe(plain);
  await untilFarm(worker, ({ lending }) => lending?.jobs === 0);
  expect(await cancelledAtWorker()).toBe(cancelled + 1);
  expect(processesNamed(path)).toEqual([]);
  await client.ok('farm'); // starts its daemon
  await untilFarm(client, ({ workers }) => workers.length === 1);
});

test('the running jobs of a member that is revoked end, and it gets no more', async () => {
  await using _ = await busy(guest);
  const path = stuckCompiler(guest);
  const folder = checkout(guest, 'revoked');
  const plain = await plainObject(guest, path, folder);
  const cancelled = await cancelledAtWorker();
  const compile = await startCompile(guest, path, folder);
  await untilHangs(path);
  await worker.ok('revoke', 'guest', '--yes');
  await untilFarm(worker, ({ lending }) => lending?.jobs === 0);
  expect(await cancelledAtWorker()).toBe(cancelled + 1);
  expect(processesNamed(path)).toEqual([]);
  expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(objectOf(folder)).toBe(plain);
  await untilFarm(guest, ({ workers }) => workers.length === 0);
});

async function cancelledAtWorker(): Promise<number> {
  return (await worker.farm()).jobs.failedForOthers.cancelled ?? 0;
}

/** Until it runs at the worker: the client runs it before, too, to see what it is made of. */
async function untilHangs(path: string): Promise<void> {
  await untilFarm(worker, ({ lending }) => lending?.jobs === 1 && processesNamed(path).length > 0);
}
