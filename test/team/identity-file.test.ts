// The key file: made once, kept private, refused when in doubt.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadIdentity, loadOrCreateIdentity } from '../../src/team/identity-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pcache-key-'));
  path = join(folder, 'keys', 'machine');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const unreadable = expect.objectContaining({ code: 'KEY_UNREADABLE' });

describe('the key file', () => {
  it('is made on first use, for its owner alone, and is the same machine from then on', async () => {
    expect(await loadIdentity(path)).toBeUndefined();
    const made = await loadOrCreateIdentity(path);
    expect((await loadOrCreateIdentity(path)).key).toBe(made.key);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'keys'))).toEqual(['machine']);
  });

  it('is made once, however many start at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateIdentity(path)));
    expect(new Set(made.map(identity => identity.key)).size).toBe(1);
    expect((await loadIdentity(path))?.key).toBe(made[0]?.key);
    expect(await readdir(join(folder, 'keys'))).toEqual(['machine']);
  });

  it.each([0o640, 0o604, 0o620, 0o602])('is refused when others can get at it (mode %o)', async mode => {
    await loadOrCreateIdentity(path);
    await chmod(path, mode);
    await expect(loadOrCreateIdentity(path)).rejects.toThrow(unreadable);
    await expect(loadOrCreateIdentity(path)).rejects.toThrow(
      expect.objectContaining({ hint: expect.stringContaining('chmod 600') }),
    );
  });

  it('is refused, and left as it is, when it is damaged', async () => {
    await loadOrCreateIdentity(path);
    const whole = await readFile(path, 'utf8');
    for (const text of [
      '',
      whole.slice(0, -2),
      `${whole}\n`,
      whole.replace('key-1', 'key-2'),
      'x'.repeat(5000),
    ]) {
      await writeFile(path, text);
      await expect(loadOrCreateIdentity(path)).rejects.toThrow(unreadable);
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });

  it('is refused when it is a folder', async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await expect(loadOrCreateIdentity(path)).rejects.toThrow(unreadable);
  });

  it('that cannot be written says so', async () => {
    await writeFile(join(folder, 'keys'), 'a file stands where the folder should be');
    await expect(loadOrCreateIdentity(path)).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(STORAGE|KEY_UNREADABLE)$/) }),
    );
  });
});
