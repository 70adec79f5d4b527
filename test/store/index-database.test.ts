// The embedded database: one process at a time, and never a reason not to open.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { IndexDatabase, type MovedAside } from '../../src/store/index-database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function openDatabase(path: string, version = 1) {
  const moved: MovedAside[] = [];
  const database = new IndexDatabase({
    path,
    version,
    schema: 'CREATE TABLE words (word TEXT PRIMARY KEY, filling TEXT) STRICT',
    prepare: each => ({
      insert: each.prepare('INSERT INTO words VALUES (?, ?)'),
      all: each.prepare('SELECT * FROM words'),
    }),
    onMovedAside: each => moved.push(each),
  });
  onTestFinished(() => database.close());
  const insert = (word: string) => database.use(statements => statements.insert.run(word, word.repeat(100)));
  const words = () => database.use(({ all }) => all.all().map(row => row.word));
  return { database, moved, insert, words };
}

test('keeps what was written; a transaction is all or nothing', async () => {
  const path = join(await temporaryFolder(), 'index.sqlite');
  const first = openDatabase(path);
  first.insert('one');
  const failing = () =>
    first.database.transaction(({ insert }) => {
      insert.run('two', '');
      throw new Error('changed my mind');
    });
  expect(failing).toThrow('changed my mind');
  first.insert('three');
  first.database.close();
  expect(openDatabase(path).words()).toEqual(['one', 'three']);
});

test('a second process is refused with what to do, and goes ahead once the first is gone', async () => {
  const path = join(await temporaryFolder(), 'index.sqlite');
  const module = new URL('../../src/store/index-database.ts', import.meta.url);
  const script = `import { IndexDatabase } from ${JSON.stringify(module)};
    const schema = 'CREATE TABLE words (word TEXT PRIMARY KEY, filling TEXT) STRICT';
    const database = new IndexDatabase({ path: ${JSON.stringify(path)}, version: 1, schema, prepare: each => each });
    process.stdout.write('open'); setInterval(() => database, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(() => openDatabase(path)).toThrow(
    expect.objectContaining({ code: 'STORAGE', hint: expect.stringContaining('stop') }),
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(openDatabase(path).words()).toEqual([]);
});

test.each([
  ['garbage', (path: string) => writeFile(path, randomBytes(50_000))],
  ['cut off within its first page', (path: string) => truncate(path, 2_000)],
])('a database that is %s is moved aside, and an empty one begun', async (_, damage) => {
  const path = join(await temporaryFolder(), 'index.sqlite');
  const first = openDatabase(path);
  for (let each = 0; each < 500; each += 1) first.insert(`word ${each}`);
  first.database.close();
  await damage(path);
  const { moved, insert, words } = openDatabase(path);
  insert('new');
  expect(words()).toEqual(['new']);
  expect(moved).toMatchObject([{ path: `${path}.unusable` }]);
  expect((await stat(moved[0]!.path)).size).toBeGreaterThan(0);
});

test('damage that shows only in use is met the same way', async () => {
  const path = join(await temporaryFolder(), 'index.sqlite');
  const first = openDatabase(path);
  for (let each = 0; each < 2_000; each += 1) first.insert(`word ${each}`);
  first.database.close();
  const file = await open(path, 'r+');
  for (let page = 4; page < 100; page += 1) await file.write(randomBytes(4_000), 0, 4_000, page * 4_096);
  await file.close();
  const { moved, insert, words } = openDatabase(path);
  expect(words()).toEqual([]);
  expect(moved).toHaveLength(1);
  insert('new');
  expect(words()).toEqual(['new']);
});

test('a database of another version is moved aside', async () => {
  const path = join(await temporaryFolder(), 'index.sqlite');
  const first = openDatabase(path, 2);
  first.insert('one');
  first.database.close();
  const { moved, words } = openDatabase(path, 1);
  expect(words()).toEqual([]);
  expect(moved[0]!.reason).toContain('version');
  const aside = new DatabaseSync(moved[0]!.path);
  expect(aside.prepare('SELECT word FROM words').all()).toHaveLength(1);
  aside.close();
});

test('a folder that cannot be made is a STORAGE error', async () => {
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'file'), '');
  const path = join(dir, 'file', 'index.sqlite');
  expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: 'STORAGE' }));
});

test('once closed it says so, as a STORAGE error', async () => {
  const { database, words } = openDatabase(join(await temporaryFolder(), 'index.sqlite'));
  database.close();
  expect(words).toThrow(expect.objectContaining({ code: 'STORAGE' }));
});
