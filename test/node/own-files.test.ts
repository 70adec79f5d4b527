// A worker's own toolchain stands in for the client's where it is the same, wherever either of them has its home.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ownFile } from '../../node/own-files.ts';
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
  const found = (path: string, text: string) => ownFile(digestOf(text), path, home)?.toString();
  const theirs = '/home/ann/.rustup/toolchains/1.95.0-x86_64';
  expect(found(`${theirs}/lib/libLLVM.so`, 'one')).toBe('one');
  expect(found(`${theirs}/lib/libLLVM.so`, 'two')).toBe('two');
  expect(found(`${theirs}/lib/libLLVM.so`, 'six')).toBeUndefined();
  expect(found(`${theirs}/lib/libcore.rlib`, 'one')).toBeUndefined();
  expect(found('/home/ann/.rustup/settings.toml', 'one')).toBeUndefined();
  expect(found('/home/ann/project/src/lib.rs', 'one')).toBeUndefined();
  expect(ownFile(digestOf('one'), `${theirs}/lib/libLLVM.so`, join(home, 'none'))).toBeUndefined();
});
