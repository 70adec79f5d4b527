// One daemon per home, whatever became of the one before.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { takeDaemonLock } from '../../../node/system/daemon-lock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('is held by one at a time, and free again when let go', async () => {
  const folder = await temporaryFolder();
  const release = takeDaemonLock(folder);
  expect(() => takeDaemonLock(folder)).toThrow(expect.objectContaining({ code: 'AMBIGUOUS' }));
  release();
  takeDaemonLock(folder)();
});

test('is free again when its holder was killed', async () => {
  const folder = await temporaryFolder();
  const lock = new URL('../../../node/system/daemon-lock.ts', import.meta.url);
  const script = `const { takeDaemonLock } = await import(${JSON.stringify(lock.href)});
    takeDaemonLock(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script]);
  await once(holder.stdout, 'data');
  expect(() => takeDaemonLock(folder)).toThrow(expect.objectContaining({ code: 'AMBIGUOUS' }));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  takeDaemonLock(folder)();
});

test('a folder that is not there is a fault of the storage', () => {
  expect(() => takeDaemonLock('/nowhere/at/all')).toThrow(expect.objectContaining({ code: 'STORAGE' }));
});
