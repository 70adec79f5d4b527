// The journal: what it answers, what a repeat costs, how it stays within its bound, and that it outlives its daemon.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { accountsKey, type CompileAccount } from '../../src/compile/compile-account.ts';
import { CompileJournal, type JournalEntry } from '../../src/compile/compile-journal.ts';
import { digestOf } from '../../src/digest.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const account = (name: string): CompileAccount => ({
  family: 'gcc',
  compilerPath: '/usr/bin/gcc',
  compiler: digestOf('gcc'),
  arguments: ['-c', name],
  added: [],
  cwd: '{root}',
  source: `{root}/${name}.c`,
  output: `{root}/${name}.o`,
  cpu: '',
  environment: [],
  set: { reads: [], missing: [], exists: [], listed: [], resolved: [], environment: [] },
  contents: [],
  own: { argv: ['gcc'], compiler: '/usr/bin/gcc', cwd: '/w', spelledCwd: '/w', root: '/w' },
});

function entry(name: string, action: string | undefined, over: Partial<JournalEntry> = {}): JournalEntry {
  return {
    output: `/w/${name}.o`,
    source: `/w/${name}.c`,
    cwd: '/w',
    place: accountsKey(`{root}/${name}.c`),
    action: action === undefined ? undefined : digestOf(action),
    outcome: action === undefined ? 'uncached' : 'miss',
    detail: action === undefined ? 'link' : 'everywhere',
    account: () => account(name),
    ...over,
  };
}

async function open({ path = '', bytesMax = 1e6 } = {}) {
  const clock = new ManualClock();
  const file = path || join(await temporaryFolder(), 'compiles.db');
  const journal = new CompileJournal({ path: file, clock, bytesMax });
  onTestFinished(() => journal.close());
  return { journal, clock, file };
}

test('answers for an output, else for a source, the latest first', async () => {
  const { journal } = await open();
  journal.note(entry('a', 'one'));
  journal.note(entry('a', 'two'));
  journal.note(entry('b', 'three', { output: '/w/out/b.o' }));
  expect(journal.about('/w/a.o').map(({ action }) => action)).toEqual([digestOf('two'), digestOf('one')]);
  expect(journal.about('/w/b.c').map(({ output }) => output)).toEqual(['/w/out/b.o']);
  expect(journal.about('/w/none.o')).toEqual([]);
  expect(journal.about('/w/a.o')[0]).toMatchObject({
    outcome: 'miss',
    detail: 'everywhere',
    account: account('a'),
  });
});

test('what was not cached is one entry for each output, and none to make again or to tell', async () => {
  const { journal } = await open();
  journal.note(entry('a', undefined));
  journal.note(entry('a', undefined, { detail: 'plugin' }));
  expect(journal.about('/w/a.o').map(({ detail }) => detail)).toEqual(['plugin']);
  expect([...journal.cached()]).toEqual([]);
  expect(journal.atPlace(accountsKey('{root}/a.c'))).toEqual([]);
  journal.note(entry('a', 'one'));
  expect(journal.atPlace(accountsKey('{root}/a.c'))).toHaveLength(1);
});

test('a repeat makes its entry the latest again, without another account', async () => {
  const { journal } = await open();
  journal.note(entry('a', 'one'));
  journal.note(entry('a', 'two'));
  journal.noteRepeat(digestOf('one'), '/w', 'memory');
  journal.noteRepeat(digestOf('two'), '/elsewhere', 'memory');
  const [first, second] = journal.about('/w/a.o');
  expect(first).toMatchObject({ action: digestOf('one'), outcome: 'hit', detail: 'memory' });
  expect(second).toMatchObject({ action: digestOf('two'), outcome: 'miss' });
  const forbidden = () => {
    throw new Error('the account of a known compile was made again');
  };
  journal.note(entry('a', 'two', { outcome: 'hit', detail: 'disk', account: forbidden }));
  expect(journal.about('/w/a.o')[0]).toMatchObject({ outcome: 'hit', detail: 'disk', account: account('a') });
});

test('writes by itself, a few at a time, and goes on after it was closed', async () => {
  const { journal, clock, file } = await open();
  for (let i = 0; i < 100; i++) journal.note(entry(`f${i}`, `action ${i}`));
  clock.advance(5_000);
  journal.close();
  const again = await open({ path: file });
  expect([...again.journal.cached()].map(({ output }) => output)).toEqual(
    Array.from({ length: 100 }, (_, i) => `/w/f${99 - i}.o`),
  );
  again.journal.note(entry('f0', 'action 0'));
  expect(again.journal.about('/w/f0.o')[0]!.order).toBeGreaterThan(100);
  again.journal.clear();
  expect([...again.journal.cached()]).toEqual([]);
});

test('stays within its bytes; the oldest go first', async () => {
  const { journal } = await open({ bytesMax: 50_000 });
  for (let i = 0; i < 500; i++) {
    journal.note(entry(`f${i}`, `action ${i}`));
    if (i % 50 === 0) journal.about('/w/none.o');
  }
  const kept = [...journal.cached()].map(({ output }) => output);
  expect(kept.length).toBeGreaterThan(20);
  expect(kept.length).toBeLessThan(80);
  expect(kept[0]).toBe('/w/f499.o');
  expect(journal.about('/w/f0.o')).toEqual([]);
});
