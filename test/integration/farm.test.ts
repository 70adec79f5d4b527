// Two members, one of which lends its machine: compiles of the other run there, in a sandbox that holds the client's files at
// the client's own paths, and the objects are those that a local compile makes.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FarmView } from '../../src/control-farm.ts';
import { Rig, type RigMember } from '../support/rig.ts';

test('a compile runs on the worker, byte for byte as at home', async () => {
  await using rig = await Rig.create();
  const [worker, client] = await rig.team('worker', 'client');
  await worker!.ok('farm', 'on', '--slots', '2');
  const folder = project(client!);
  const plain = await compileAll(client!, folder, { P2PCACHE_MODE: 'off' });
  const farmed = await compileAll(client!, folder, {});
  const view = await client!.json<FarmView>('farm', '--json');
  expect(farmed).toEqual(plain);
  expect(view.jobs.done).toBeGreaterThan(0);
});

function project(member: RigMember): string {
  const folder = join(member.home, 'project');
  mkdirSync(join(folder, 'inc'), { recursive: true });
  mkdirSync(join(folder, 'build'), { recursive: true });
  writeFileSync(
    join(folder, 'inc', 'shared.h'),
    '#pragma once\n#include <vector>\n#include <string>\nint shared(int);\n',
  );
  for (let i = 0; i < 6; i++)
    writeFileSync(
      join(folder, `f${i}.cc`),
      `#include "shared.h"\n#include <map>\nstd::map<std::string, std::vector<int>> m${i};\nint f${i}(int x) { return shared(x) + m${i}.size(); }\n`,
    );
  return folder;
}

async function compileAll(member: RigMember, folder: string, env: Record<string, string>): Promise<string[]> {
  const build = join(folder, 'build');
  rmSync(build, { recursive: true, force: true });
  mkdirSync(build);
  const files = Array.from({ length: 6 }, (_, i) => `f${i}`);
  const compile = (name: string) =>
    `g++ -g -O1 -I${folder}/inc -MD -MF ${name}.d -c ${folder}/${name}.cc -o ${name}.o &`;
  const ran = await member.build(['sh', '-c', `${files.map(compile).join('\n')}\nwait`], { cwd: build, env });
  expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
  return files.flatMap(name =>
    [`${name}.o`, `${name}.d`].map(file => readFileSync(join(build, file)).toString('base64')),
  );
}
