// The store's upkeep through a real daemon: limits, cleaning out, and a check that finds what rotted.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoreCheck, StoreSpace } from '../../src/control-cache.ts';
import { Rig, type RigMember } from '../support/rig.ts';

async function build(member: RigMember): Promise<void> {
  const cwd = join(member.home, 'project');
  mkdirSync(cwd, { recursive: true });
  for (const name of ['a', 'b', 'c']) {
    writeFileSync(join(cwd, `${name}.c`), `int ${name};\n`);
    const ran = await member.build(['gcc', '-c', `${name}.c`, '-o', `${name}.o`], { cwd });
    expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
  }
}

async function counted(member: RigMember) {
  await member.ok('stats', '--zero');
  await build(member);
  const { hits, misses } = await member.stats();
  return { hits: hits.memory + hits.disk, misses };
}

test('clean forgets everything, asks first, and the next build begins anew', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  expect(await counted(desk)).toEqual({ hits: 0, misses: 3 });
  expect(await counted(desk)).toEqual({ hits: 3, misses: 0 });
  expect((await desk.run('clean')).exitCode).toBe(2);
  const space = await desk.json<StoreSpace>('clean', '--yes', '--json');
  expect(space).toMatchObject({ storeBytes: 0 });
  expect(space.blobs).toBeGreaterThanOrEqual(6);
  expect(space.records).toBeGreaterThanOrEqual(6);
  expect((await desk.ok('why', join(desk.home, 'project/a.o'))).stdout).toContain('never compiled here');
  expect(await counted(desk)).toEqual({ hits: 0, misses: 3 });
  expect(await counted(desk)).toEqual({ hits: 3, misses: 0 });
  await desk.ok('stop');
  expect(await counted(desk)).toEqual({ hits: 3, misses: 0 });
});

test('gc keeps to the limits that are given, and a build after it is made again', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  await build(desk);
  const kept = await desk.json<StoreSpace>('gc', '--json');
  expect(kept).toMatchObject({ blobs: 0, records: 0, bytes: 0 });
  const gone = await desk.json<StoreSpace>('gc', '--size', '0', '--json');
  expect(gone).toMatchObject({ storeBytes: 0 });
  expect(gone.records).toBeGreaterThan(0);
  await desk.ok('stop');
  expect(await counted(desk)).toEqual({ hits: 0, misses: 3 });
  expect(await counted(desk)).toEqual({ hits: 3, misses: 0 });
  const bad = await desk.run('gc', '--age', 'old');
  expect([bad.exitCode, bad.stderr]).toEqual([2, expect.stringContaining('7d')]);
  expect((await desk.ok('gc', '--age', '1d')).stdout).toMatch(/^0 files/);
});

test('verify finds what rotted, drops it, and says so with its exit code', async () => {
  await using rig = await Rig.create();
  const desk = rig.member('desk');
  await build(desk);
  const sound = await desk.json<StoreCheck>('verify', '--json');
  expect(sound).toMatchObject({ corruptBlobs: 0, corruptRecords: 0, incompleteRecords: 0 });
  expect([sound.blobs >= 6, sound.records >= 6]).toEqual([true, true]);
  await desk.ok('stop');
  const rotten = aBlobFile(join(desk.home, 'store/blobs'));
  writeFileSync(rotten, readFileSync(rotten).reverse());
  const found = await desk.run('verify', '--json');
  expect(found.exitCode).toBe(1);
  expect(JSON.parse(found.stdout)).toMatchObject({ blobs: sound.blobs, corruptBlobs: 1 });
  expect(existsSync(rotten)).toBe(false);
  const after = await desk.ok('verify');
  expect(after.stdout).toMatch(/all sound/);
  expect((await desk.stats()).refused).toEqual({ 'corrupt-on-disk': 1 });
});

function aBlobFile(folder: string): string {
  const [name] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(each =>
    /[0-9a-f]{64}/.test(each),
  );
  return join(folder, name!);
}
