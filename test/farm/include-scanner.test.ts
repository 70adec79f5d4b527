// Guesses at what a compile reads, by its #include lines: real files, virtual time.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileStates } from '../../src/compile/file-states.ts';
import { IncludeScanner, searchPathOf } from '../../src/farm/include-scanner.ts';
import { ManualClock } from '../support/manual-clock.ts';

let folder: string;
let clock: ManualClock;
let scanner: IncludeScanner;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'p2pcache-includes-'));
  clock = new ManualClock(Date.now() + 60_000); // the files are old enough to be remembered
  scanner = new IncludeScanner(new FileStates(clock), clock);
  write('a.c', '#include "a.h"\n#include <lib.h>\n');
  write('a.h', '#include "deep/b.h"\n');
  write('deep/b.h', '#include "beside.h"\n#include <later.h>\n');
  write('deep/beside.h', '');
  write('include/lib.h', '#include_next <lib.h>\n');
  write('system/lib.h', '');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('follows quoted names from beside their file, and others along the search path, to the next of the same name', () => {
  expect(guess()).toEqual(['a.c', 'a.h', 'deep/b.h', 'deep/beside.h', 'include/lib.h', 'system/lib.h']);
});

test('follows what a file includes anew once it has changed', () => {
  guess();
  clock.advance(5_000);
  write('a.h', '#include "deep/beside.h"\n');
  expect(guess()).toEqual(['a.c', 'a.h', 'deep/beside.h', 'include/lib.h', 'system/lib.h']);
});

test('finds before long what was not there before', () => {
  guess();
  write('include/later.h', '');
  clock.advance(29_000);
  expect(guess()).not.toContain('include/later.h');
  clock.advance(11_000);
  expect(guess()).toContain('include/later.h');
});

test('finds a header at once that went to another folder, where the old one is known to be gone', () => {
  write('a.c', '#include <moved.h>\n');
  write('include/moved.h', '');
  expect(guess('include', 'other')).toEqual(['a.c', 'include/moved.h']);
  write('other/moved.h', '');
  rmSync(join(folder, 'include/moved.h'));
  clock.advance(5_000);
  guess('include', 'other');
  expect(guess('include', 'other')).toEqual(['a.c', 'other/moved.h']);
});

test('each search path leads to its own files', () => {
  guess();
  write('other/lib.h', '');
  expect(guess('other')).toEqual(['a.c', 'a.h', 'deep/b.h', 'deep/beside.h', 'other/lib.h']);
  expect(guess()).not.toContain('other/lib.h');
});

/** Relative paths, sorted. */
function guess(...named: string[]): string[] {
  const options = (named.length === 0 ? ['include'] : named).map(name => `-I${name}`);
  const search = searchPathOf(options, folder, [join(folder, 'system')]);
  const files = scanner.filesOf(join(folder, 'a.c'), search);
  return [...files].map(path => path.slice(folder.length + 1)).sort();
}

function write(name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
}
