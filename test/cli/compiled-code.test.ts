// Where Node keeps the code of the commands that it has compiled: in a private folder, not where others could put theirs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../cli/p2pcache.js', import.meta.url));
let folder: string;
let home: string;
let shared: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'p2pcache-compiled-code-'));
  home = join(folder, 'home');
  shared = join(folder, 'tmp');
  mkdirSync(shared);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function showVersion(): void {
  execFileSync(process.execPath, [program, '--version'], {
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: shared, P2PCACHE_HOME: home },
  });
}

test('compiled code is kept in a private folder of the home, and in no temporary one', () => {
  mkdirSync(home);
  showVersion();
  expect(readdirSync(join(home, 'code'))).not.toEqual([]);
  expect(statSync(join(home, 'code')).mode & 0o777).toBe(0o700);
  expect(readdirSync(shared)).toEqual([]);
});

test('where there is no home yet, none is made for it', () => {
  showVersion();
  expect(existsSync(home)).toBe(false);
  expect(readdirSync(shared)).toEqual([]);
});
