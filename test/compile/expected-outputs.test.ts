// Which files a result may be restored to.
// Which files a compile may write: those that follow from its command line, whatever a record says.
import { expect, test } from 'vitest';
import { type CompileCommand, readCommandLine } from '../../src/compile/command-line.ts';
import { isExpectedOutput } from '../../src/compile/expected-outputs.ts';

const command = (text: string) => readCommandLine(text.split(' '), '/nowhere') as CompileCommand;

test.each([
  ['-c src/a.c', 'a.o'],
  ['-c src/a.c -o out/b.o -MD', 'out/b.d'],
  ['-c src/a.c -o out/b.o -MD -MF deps/x.d', 'deps/x.d'],
  ['-c src/a.c -o out/b.o -Wp,-MMD,deps/x.d', 'deps/x.d'],
  ['-c src/a.c -o out/b.o -gsplit-dwarf', 'out/b.dwo'],
  ['-c src/a.c --coverage', 'a.gcno'],
  ['-c /p/a.c -o /p/out/a.c.o -MD', '/p/out/a.c.d'],
  ['-c a.c -fdump-tree-all', 'a.c.005t.original'],
])('`%s` may write %s', (line, path) => {
  expect(isExpectedOutput(path, command(line), '/w')).toBe(true);
});

test.each([
  ['-c src/a.c -o out/b.o', '/root/.bashrc'],
  ['-c src/a.c -o out/b.o', 'Makefile'],
  ['-c src/a.c -o out/b.o', '../out/b.o'],
  ['-c src/a.c -o out/b.o', 'out/../../b.o'],
  ['-c src/a.c -o out/b.o', '.git/hooks/a.c'],
  ['-c src/a.c -o out/b.o', 'out/bad.o'],
])('`%s` may not write %s', (line, path) => {
  expect(isExpectedOutput(path, command(line), '/w')).toBe(false);
});
