// The log: one JSON object a line, never larger than told, never in the way.
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EventLog } from '../../../node/system/event-log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('each event is a line of JSON, and goes on after a restart', async () => {
  const file = join(await temporaryFolder(), 'log', 'daemon.log');
  new EventLog(file, 10_000).write('started', { pid: 1 });
  new EventLog(file, 10_000).write('stopped', { why: 'line\nbreak' });
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(lines).toMatchObject([
    { event: 'started', pid: 1 },
    { event: 'stopped', why: 'line\nbreak' },
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('two files of the bounded size are all there ever is', async () => {
  const file = join(await temporaryFolder(), 'daemon.log');
  const log = new EventLog(file, 1_000);
  for (let i = 0; i < 100; i++) log.write('event', { i });
  expect(statSync(file).size).toBeLessThanOrEqual(1_000);
  expect(statSync(`${file}.1`).size).toBeLessThanOrEqual(1_000);
  const last = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)!;
  expect(JSON.parse(last)).toMatchObject({ i: 99 });
});

test('a log that cannot be written is no error', async () => {
  const folder = join(await temporaryFolder(), 'gone');
  const log = new EventLog(join(folder, 'daemon.log'), 1_000);
  rmSync(folder, { recursive: true });
  expect(() => log.write('event')).not.toThrow();
});
