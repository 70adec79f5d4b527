// Whether files of a worker's copy could put their own names into a result.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClientCopy } from '../../src/farm/client-copy.ts';
import { putFile } from '../support/put-file.ts';

let folder: string;
let copy: ClientCopy;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'p2pcache-copy-'));
  copy = new ClientCopy(join(folder, 'copy'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  { size: 'small', rest: '' },
  { size: 'large', rest: ' '.repeat(200_000) },
])('a $size header mentions its name or does not', ({ rest }) => {
  putFile(copy, '/a.h', `const char *name = __FILE__;${rest}`);
  putFile(copy, '/b.h', `int b;${rest}`);
  expect(copy.mentionsFileName(copy.use(), '/a.h')).toBe(true);
  expect(copy.mentionsFileName(copy.use(), '/b.h')).toBe(false);
});

test('so does one that jobs are shown where this machine has it', () => {
  const path = join(folder, 'own.h');
  writeFileSync(path, 'const char *name = __FILE__;');
  putFile(copy, '/own.h', 'const char *name = __FILE__;', { path, isStill: () => true });
  expect(copy.mentionsFileName(copy.use(), '/own.h')).toBe(true);
});
