// Making a result again: where its outputs go instead, what cannot be compared, and what a difference shows.
import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/compile/command-line.ts';
import type { CompileIdentity } from '../../src/compile/compile-key.ts';
import { causeOf, firstDifference, planRerun } from '../../src/compile/rerun.ts';
import { digestOf } from '../../src/digest.ts';

function identityOf(args: string[]): CompileIdentity {
  const command = readCommandLine(args, '/w');
  if ('uncached' in command) throw new Error(command.uncached);
  return {
    family: 'gcc',
    name: 'gcc',
    compiler: digestOf('gcc'),
    command,
    folder: { root: '/w', cwd: '/w', spelledCwd: '/w' },
    environment: () => undefined,
    added: [],
    cpu: '',
  };
}

const plan = (args: string[], outputs: string[]) => planRerun(identityOf(args), outputs, '/t');

describe('outputs go elsewhere', () => {
  const cases: [args: string[], outputs: Record<string, string>, arguments_: string[]][] = [
    [['-c', 'a.c', '-o', 'x/a.o'], { '/w/x/a.o': '/t/a.o' }, ['-c', 'a.c', '-o', '/t/a.o']],
    [['-c', 'a.c', '-ox/a.o'], { '/w/x/a.o': '/t/a.o' }, ['-c', 'a.c', '-o', '/t/a.o']],
    [['-c', 's/a.c'], { '/w/a.o': '/t/a.o' }, ['-c', 's/a.c', '-o', '/t/a.o']],
    [['-S', 'a.c'], { '/w/a.s': '/t/a.s' }, ['-S', 'a.c', '-o', '/t/a.s']],
    [
      ['-MD', '-c', 'a.c', '-o', 'x/a.c.o'],
      { '/w/x/a.c.o': '/t/a.c.o', '/w/x/a.c.d': '/t/a.c.d' },
      ['-MD', '-c', 'a.c', '-MQ', 'x/a.c.o', '-o', '/t/a.c.o'],
    ],
    [
      ['-MMD', '-MF', 'd/a.d', '-MT', 'a', '-c', 'a.c', '-o', '/o/a.o'],
      { '/o/a.o': '/t/a.o', '/w/d/a.d': '/t/a.d' },
      ['-MMD', '-MF', '/t/a.d', '-MT', 'a', '-c', 'a.c', '-o', '/t/a.o'],
    ],
    [
      ['-Wp,-MMD,d/.a.d', '-c', 'a.c', '-o', 'a.o'],
      { '/w/a.o': '/t/a.o', '/w/d/.a.d': '/t/.a.d' },
      ['-Wp,-MMD,/t/.a.d', '-c', 'a.c', '-o', '/t/a.o'],
    ],
  ];
  test.each(cases)('%j', (args, outputs, expected) => {
    expect(plan(args, Object.keys(outputs))).toEqual({
      arguments: expected,
      files: new Map(Object.entries(outputs)),
    });
  });
});

test('what names its own output, or writes more than can be led elsewhere, is not compared', () => {
  expect(plan(['--coverage', '-c', 'a.c'], ['/w/a.o', '/w/a.gcno'])).toEqual({ skipped: 'names-its-output' });
  expect(plan(['-g', '-gsplit-dwarf', '-c', 'a.c'], ['/w/a.o'])).toEqual({ skipped: 'names-its-output' });
  expect(plan(['-c', 'a.c'], ['/w/a.o', '/w/a.su'])).toEqual({ skipped: 'other-outputs' });
});

describe('the cause of a difference', () => {
  const bytes = (text: string) => Buffer.from(`head\0${text}\0tail`);
  const cases: [cause: string, recorded: string, again: string, onceMore: string][] = [
    ['timestamp', 'built at 10:11:12', 'built at 10:11:13', 'built at 10:11:13'],
    ['timestamp', 'on Jan  2 2026', 'on Mar  2 2026', 'on Mar  2 2026'],
    ['timestamp', 'x', '2026-01-02', '2026-01-03'],
    ['path', '/home/a/src/x.c', '/work/b/src/x.c', '/work/b/src/x.c'],
    ['randomness', 'q1z', 'r2y', 's3x'],
    ['unknown', 'truth', 'lie', 'lie'],
  ];
  test.each(cases)('%s', (cause, recorded, again, onceMore) => {
    expect(causeOf(bytes(recorded), bytes(again), bytes(onceMore))).toBe(cause);
  });
});

test('the first difference, also where one is longer', () => {
  const bytes = (text: string) => Buffer.from(text);
  expect(firstDifference(bytes('abc'), bytes('abc'))).toBeUndefined();
  expect(firstDifference(bytes('abc'), bytes('axc'))).toBe(1);
  expect(firstDifference(bytes('ab'), bytes('abc'))).toBe(2);
  expect(firstDifference(bytes(''), bytes(''))).toBeUndefined();
});
