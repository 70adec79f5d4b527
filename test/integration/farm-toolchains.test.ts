// The compiler of a job is the client's, whatever the worker has: a worker on which gcc is another version, and on which
// neither the client's home nor its user exist, makes the very objects that the client would have made.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';

import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  busy,
  checkout,
  objectOf,
  oneSlot,
  plainObject,
  startCompile,
  untilFarm,
  withMounts,
} from '../support/farm-rig.ts';
import { namespacesUnavailable } from '../support/network-namespaces.ts';
import { missingTool } from '../support/real-tool.ts';
import { Rig } from '../support/rig.ts';

const obstacle =
  (await namespacesUnavailable()) ??
  missingTool('g++-11') ??
  missingTool('gcc-11') ??
  missingTool('clang') ??
  undefined;
if (obstacle !== undefined) console.warn(`SKIPPED: ${obstacle}`);

const nobody = 4242;
const text = `#include <stdio.h>
#include <limits.h>
int answer(const char *name) { return printf("%s %s", name, __FILE__) + CHAR_BIT; }
`;

test.skipIf(obstacle !== undefined)('a worker with another gcc uses the client’s', async () => {
  await using rig = await Rig.create();
  chmodSync(rig.folder, 0o755);
  const empty = mkdtempSync(join(rig.folder, 'empty-'));
  const home = join(rig.folder, 'client');
  mkdirSync(home);
  chownSync(home, nobody, nobody);
  const worker = rig.member('worker', {}, withMounts([...otherGcc(), [empty, home]]));
  const id = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
  const client = rig.member('client', { ...oneSlot, PATH: '/usr/bin:/bin' }, id);
  await rig.join([worker, client]);
  await worker.ok('farm', 'on', '--slots', '2');
  await untilFarm(client, ({ workers }) => workers.length === 1);

  const theirs = await worker.exec(['cat', join(home, 'key')]);
  expect(theirs.exitCode).not.toBe(0);
  const own = checkout(worker, 'own', text);
  const withTheirs = await plainObject(worker, 'gcc', own);
  expect(await plainObject(client, 'gcc', shared(own))).not.toBe(withTheirs);

  await using _ = await busy(client);
  for (const [count, compiler] of [['gcc'], ['g++', '-xc++'], ['clang'], ['clang++', '-xc++']].entries()) {
    const folder = shared(checkout(client, `with-${compiler[0]}`, text));
    const plain = await plainObject(client, compiler, folder);
    const compile = await startCompile(client, compiler, folder);
    expect(await compile.ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(objectOf(folder) === plain).toBe(true);
    expect((await client.farm()).jobs.done).toBe(count + 1);
  }
});

/** What the worker sees in the place of its gcc: its driver and its compilers proper are another version's. */
function otherGcc(): (readonly [string, string])[] {
  const programOf = (driver: string, name: string) =>
    realpathSync(execFileSync(driver, [`-print-prog-name=${name}`], { encoding: 'utf8' }).trim());
  const driverOf = (name: string) =>
    realpathSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim());
  return [
    [driverOf('gcc-11'), driverOf('gcc')],
    [driverOf('g++-11'), driverOf('g++')],
    [programOf('gcc-11', 'cc1'), programOf('gcc', 'cc1')],
    [programOf('g++-11', 'cc1plus'), programOf('g++', 'cc1plus')],
  ];
}

/** Lets every user write into it. */
function shared(folder: string): string {
  chmodSync(folder, 0o777);
  return folder;
}
