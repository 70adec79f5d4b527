// A worker's own toolchain stands in for the client's where it is the same, wherever either of them has its home.
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ownBytes, ownFile } from '../../node/own-files.ts';
import { digestOf } from '../../src/digest.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('rustup’s files are found by their place in a toolchain and their content', async () => {
  const home = await temporaryFolder();
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  };
  put('toolchains/nightly/lib/libLLVM.so', 'two');
  put('toolchains/stable/lib/libLLVM.so', 'one');
  put('settings.toml', 'one');
  const found = (path: string, text: string) => ownBytes(digestOf(text), path, home)?.toString();
  const theirs = '/home/ann/.rustup/toolchains/1.95.0-x86_64';
  expect(found(`${theirs}/lib/libLLVM.so`, 'one')).toBe('one');
  expect(found(`${theirs}/lib/libLLVM.so`, 'two')).toBe('two');
  expect(found(`${theirs}/lib/libLLVM.so`, 'six')).toBeUndefined();
  expect(found(`${theirs}/lib/libcore.rlib`, 'one')).toBeUndefined();
  expect(found('/home/ann/.rustup/settings.toml', 'one')).toBeUndefined();
  expect(found('/home/ann/project/src/lib.rs', 'one')).toBeUndefined();
  expect(ownBytes(digestOf('one'), `${theirs}/lib/libLLVM.so`, join(home, 'none'))).toBeUndefined();
});

test('a file is shown as it is once it is settled, and a change of it shows', async () => {
  const home = await temporaryFolder();
  const folder = join(home, 'toolchains/stable/lib');
  const path = join(folder, 'libLLVM.so');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(home, 'real'), 'one');
  symlinkSync(join(home, 'real'), path);
  const own = () => ownFile(digestOf('one'), '/home/ann/.rustup/toolchains/1.95/lib/libLLVM.so', home);
  expect(own(), 'just written').toBeUndefined();
  await sleep(2_100);
  const found = own()!;
  expect(found.path).toBe(join(home, 'real'));
  expect(found.isStill()).toBe(true);
  writeFileSync(join(home, 'real'), 'two');
  utimesSync(join(home, 'real'), 1, 1);
  expect(found.isStill()).toBe(false);
  expect(own()).toBeUndefined();
});
