// What `why` names: for each kind of change the words, and which comes first where several changed.
import { describe, expect, test } from 'vitest';
import { differencesBetween } from '../../src/compile/account-differences.ts';
import {
  accountsKey,
  type CompileAccount,
  decodeAccount,
  encodeAccount,
} from '../../src/compile/compile-account.ts';
import { type Digest, digestOf } from '../../src/digest.ts';

const content = (text: string) => digestOf(text).slice(7, 39);

const base: CompileAccount = {
  family: 'gcc',
  compilerPath: '/usr/bin/gcc',
  compiler: digestOf('gcc 12') as Digest,
  arguments: ['-O2', '-DA=1', '-I', '{root}/inc', '-c', 'a.c', '-o', 'a.o'],
  added: [],
  cwd: '{root}/build',
  source: '{root}/src/a.c',
  output: '{root}/build/a.o',
  cpu: '',
  environment: [
    ['LANG', 'C'],
    ['CPATH', null],
  ],
  set: {
    reads: ['../src/a.c', '/usr/bin/as', '{root}/inc/config.h'],
    missing: ['{root}/src/config.h'],
    exists: [],
    listed: [],
    resolved: [],
    environment: ['CPATH'],
  },
  contents: ['int a;', 'as', '#define X'].map(content),
  own: { argv: ['gcc'], compiler: '/usr/bin/gcc', cwd: '/w/build', spelledCwd: '/w/build', root: '/w' },
};

const withArguments = (...args: string[]): CompileAccount => ({ ...base, arguments: args });
const withContents = (...texts: string[]): CompileAccount => ({ ...base, contents: texts.map(content) });

const cases: [what: string, after: CompileAccount, first: string | undefined][] = [
  ['nothing', base, undefined],
  ['a level', withArguments('-O3', ...base.arguments.slice(1)), 'flag -O2 became -O3'],
  ['a macro', withArguments('-O2', '-DA=2', ...base.arguments.slice(2)), 'flag -DA=1 became -DA=2'],
  [
    'a value apart',
    withArguments('-O2', '-DA=1', '-I', '{root}/other', '-c', 'a.c', '-o', 'a.o'),
    'flag -I inc became -I other',
  ],
  ['one more', withArguments(...base.arguments, '-g'), 'flag -g was added'],
  ['one fewer', withArguments(...base.arguments.slice(1)), 'flag -O2 was dropped'],
  ['order', withArguments('-DA=1', '-O2', ...base.arguments.slice(2)), 'the flags stand in another order'],
  ['compiler', { ...base, compiler: digestOf('13') }, 'the compiler differs: /usr/bin/gcc is another build'],
  [
    'another compiler',
    { ...base, compiler: digestOf('13'), compilerPath: '/usr/bin/gcc-13' },
    'the compiler differs: /usr/bin/gcc became /usr/bin/gcc-13',
  ],
  [
    'another name',
    { ...base, compilerPath: '/usr/bin/cc' },
    'the compiler is called by another name: gcc became cc',
  ],
  [
    'environment',
    {
      ...base,
      environment: [
        ['LANG', 'C'],
        ['CPATH', '/inc'],
      ],
    },
    'environment CPATH differs: unset became "/inc"',
  ],
  ['processor', { ...base, cpu: 'x' }, 'the processor differs, and -march=native asks for it'],
  ['working folder', { ...base, cwd: '{root}/out' }, 'the working folder differs: build became out'],
  ['header', withContents('int a;', 'as', '#define Y'), 'header inc/config.h differs'],
  ['source', withContents('int b;', 'as', '#define Y'), 'source src/a.c differs'],
  ['program', withContents('int a;', 'as 2', '#define X'), 'program /usr/bin/as differs'],
  [
    'shadowed header',
    {
      ...base,
      set: { ...base.set, reads: ['../src/a.c', '/usr/bin/as', '{root}/src/config.h'], missing: [] },
    },
    'header config.h is now found earlier: src/config.h',
  ],
  ['folder', { ...base, own: { ...base.own!, root: '/other' } }, 'the folder differs: /w became /other'],
];

test.each(cases)('%s', (_what, after, first) => {
  expect(differencesBetween(base, after)[0]?.text).toBe(first);
});

describe('accounts', () => {
  test('come back as they were', () => {
    expect(decodeAccount(encodeAccount(base, true))).toEqual(base);
  });

  test('leave this machine without what is its own', () => {
    const told = encodeAccount(base, false);
    expect(decodeAccount(told)).toEqual({ ...base, own: undefined });
  });

  test('are undefined where the bytes are none', () => {
    expect(decodeAccount(Buffer.from('no account'))).toBeUndefined();
    expect(decodeAccount(encodeAccount(base, true).subarray(0, 60))).toBeUndefined();
  });

  test('are found by the source alone', () => {
    expect(accountsKey(base.source)).toBe(accountsKey('{root}/src/a.c'));
    expect(accountsKey(base.source)).not.toBe(accountsKey('{root}/src/b.c'));
  });
});
