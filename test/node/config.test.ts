// The settings: file over defaults, environment over file, and a plain word about whatever makes no sense.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, settings } from '../../node/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function fileWith(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'config.toml');
  await writeFile(file, text);
  return file;
}

test('without a file every setting has its default', async () => {
  const config = await loadConfig('/nowhere/config.toml', {});
  for (const [name, { fallback }] of Object.entries(settings)) {
    expect(config[name as keyof typeof config]).toEqual(fallback);
  }
});

test('the file over the defaults, the environment over the file', async () => {
  const file = await fileWith(
    'name = "desk"\npeer_deadline_ms = 250\nlisten = ["127.0.0.1:0", "[::1]:4777"]\n',
  );
  const config = await loadConfig(file, {
    P2PCACHE_NAME: 'lap',
    P2PCACHE_DOOR_LISTEN: 'off',
    P2PCACHE_MDNS: 'off',
  });
  expect(config).toMatchObject({
    name: 'lap',
    peerDeadlineMs: 250,
    listen: ['127.0.0.1:0', '[::1]:4777'],
    doorListen: [],
    mdns: false,
  });
});

test.each([
  ['10GB', 10e9],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['500 mb', 500e6],
  ['4096', 4096],
])('a size of %s', async (text, bytes) => {
  expect((await loadConfig('/nowhere', { P2PCACHE_STORE_SIZE_MAX: text })).storeSizeBytesMax).toBe(bytes);
});

test.each([
  ['30d', 30 * 86_400_000],
  ['12h', 12 * 3_600_000],
  ['2w', 14 * 86_400_000],
  ['off', 0],
])('an age of %s', async (text, ms) => {
  expect((await loadConfig('/nowhere', { P2PCACHE_STORE_AGE_MAX: text })).storeAgeMsMax).toBe(ms);
});

test('modes, prefix maps, a share; hyphens are taken for underscores', async () => {
  const file = await fileWith('mode = "read"\nprefix-maps = true\nverify-sample = "2.5 %"\n');
  expect(await loadConfig(file, {})).toMatchObject({ mode: 'read', prefixMaps: true, verifySample: 0.025 });
  // each command's own, not the daemon's
  expect((await loadConfig('/nowhere', { P2PCACHE_MODE: 'off' })).mode).toBe('read-write');
});

test.each([
  ['mode = "on"', '"mode"'],
  ['verify_sample = 2', '"verify_sample"'],
  ['verify_sample = "200%"', '"verify_sample"'],
  ['store_age_max = "30"', '"store_age_max"'],
  ['listen = "127.0.0.1"', '"listen"'],
  ['listen = "127.0.0.1:99999"', '"listen"'],
  ['listen = [1]', '"listen"'],
  ['mdns = "maybe"', '"mdns"'],
  ['peer_deadline_ms = -1', '"peer_deadline_ms"'],
  ['peer_deadline_ms = 0.5', '"peer_deadline_ms"'],
  ['store_size_max = "10 apples"', '"store_size_max"'],
  ['nam = "x"', 'no setting "nam"'],
  ['name = "x', 'config.toml:1:'],
])('%s is refused by name', async (line, named) => {
  await expect(loadConfig(await fileWith(`${line}\n`), {})).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining(named),
    hint: expect.any(String),
  });
});

test('a bad variable is named as such', async () => {
  await expect(loadConfig('/nowhere', { P2PCACHE_MDNS: 'perhaps' })).rejects.toMatchObject({
    message: expect.stringContaining('P2PCACHE_MDNS'),
  });
});
