// What every LedgerStore does; and of the one on disk, what a crash may and may not cost.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskLedgerStore } from '../../src/team/disk-ledger-store.ts';
import { type LedgerStore, MemoryLedgerStore } from '../../src/team/ledger-store.ts';

const entries = ['one', 'two', '', 'four'].map(text => Uint8Array.from(Buffer.from(text)));
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pcache-ledger-'));
  path = join(folder, 'team', 'ledger');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const kinds: readonly [string, () => LedgerStore][] = [
  ['memory', () => new MemoryLedgerStore()],
  ['disk', () => new DiskLedgerStore(path)],
];

describe.each(kinds)('a ledger store (%s)', (_, open) => {
  it('is empty at first, then holds what was appended, in order', async () => {
    const store = open();
    expect(await store.load()).toEqual([]);
    await store.append(entries.slice(0, 2));
    await store.append([]);
    await store.append(entries.slice(2));
    expect(await store.load()).toEqual(entries);
  });

  it('takes entries before it was ever loaded', async () => {
    const store = open();
    await store.append(entries);
    expect(await store.load()).toEqual(entries);
  });
});

describe('the ledger store on disk', () => {
  it('keeps its file to its owner', async () => {
    await new DiskLedgerStore(path).append(entries);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'team'))).mode & 0o777).toBe(0o700);
  });

  it('opens after a crash at any byte with the entries that were whole, and goes on', async () => {
    await new DiskLedgerStore(path).append(entries);
    const whole = await readFile(path);
    let most = 0;
    for (let length = 0; length < whole.byteLength; length++) {
      await writeFile(path, whole.subarray(0, length));
      const store = new DiskLedgerStore(path);
      const loaded = await store.load();
      expect(loaded).toEqual(entries.slice(0, loaded.length));
      expect(loaded.length).toBeGreaterThanOrEqual(most);
      most = loaded.length;
      await store.append(entries.slice(0, 1));
      expect(await new DiskLedgerStore(path).load()).toEqual([...loaded, entries[0]]);
    }
    expect(most).toBe(entries.length - 1);
  });

  it('gives back no entry with a flipped bit, and keeps the damaged file for a look', async () => {
    await new DiskLedgerStore(path).append(entries);
    const whole = await readFile(path);
    for (let byte = 18; byte < whole.byteLength; byte++) {
      const rotten = Buffer.from(whole);
      rotten[byte]! ^= 4;
      await writeFile(path, rotten);
      const loaded = await new DiskLedgerStore(path).load();
      expect(loaded.length).toBeLessThan(entries.length);
      expect(loaded).toEqual(entries.slice(0, loaded.length));
      expect(await readFile(`${path}.damaged`)).toEqual(rotten);
    }
  });

  it('says what is wrong with a file that is not its own, or a place it cannot write', async () => {
    await writeFile(join(folder, 'other'), 'something else entirely');
    const code = expect.objectContaining({ code: 'STORAGE' });
    await expect(new DiskLedgerStore(join(folder, 'other')).load()).rejects.toThrow(code);
    await expect(new DiskLedgerStore(join(folder, 'other', 'below')).append(entries)).rejects.toThrow(code);
  });
});
