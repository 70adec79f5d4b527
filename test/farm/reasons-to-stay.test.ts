// Which compiles never leave, whoever lends a machine.
import { expect, test } from 'vitest';
import { readCommandLine } from '../../src/compile/command-line.ts';
import type { CompileTicket } from '../../src/compile/compile-request.ts';
import { readRustCommand } from '../../src/compile/rust/rust-command.ts';
import { reasonToStay } from '../../src/farm/reasons-to-stay.ts';

const crate = (...args: string[]) => ['rustc', 'a.rs', ...args];

test.each<[string, readonly string[], Readonly<Record<string, string>>, string | undefined]>([
  ['C', ['gcc', '-c', 'a.c'], {}, undefined],
  ['C for this processor', ['gcc', '-c', 'a.c', '-march=native'], {}, 'native-cpu'],
  ['C for someone who reads German', ['gcc', '-c', 'a.c'], { LANG: 'de_DE.UTF-8' }, 'locale'],
  ['a library', crate('--crate-type=lib'), { LANG: 'en_GB.UTF-8' }, undefined],
  ['a library in two shapes', crate('--crate-type', 'lib', '--crate-type=rlib'), {}, undefined],
  ['a library for C', crate('--crate-type', 'lib,cdylib'), {}, 'links'],
  ['a program', crate('--crate-type=bin', '--emit=dep-info,link'), {}, 'links'],
  ['a program that is only checked', crate('--crate-type=bin', '--emit=dep-info,metadata'), {}, undefined],
  ['a macro', crate('--crate-type=proc-macro', '--emit=dep-info,link'), {}, 'links'],
  ['tests of a library', crate('--crate-type=lib', '--test'), {}, 'links'],
  ['a library for this processor', crate('--crate-type=lib', '-Ctarget-cpu=native'), {}, 'native-cpu'],
])('%s', (_, [name, ...args], environment, reason) => {
  const isRust = name === 'rustc';
  const command = isRust ? readRustCommand(args, false) : readCommandLine(args, '/w');
  const ticket = {
    request: { environment: (variable: string) => environment[variable] },
    identity: { family: isRust ? 'rustc' : 'gcc', command },
  } as Pick<CompileTicket, 'request' | 'identity'>;
  expect(reasonToStay(ticket)).toBe(reason);
});
