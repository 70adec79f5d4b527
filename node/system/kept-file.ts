// Small files of the daemon's that must be whole after any crash: the team this machine is in, its counters, addresses.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError } from '../../src/errors.ts';

/** The value kept at `path`; undefined where nothing is, or nothing that is JSON. STORAGE where it cannot be read. */
export async function readKept(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CodedError('STORAGE', `cannot read ${path}: ${(error as Error).message}`, {
      hint: 'make it yours and readable',
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps the value; the old one or the new one is there after a crash. STORAGE where the disk does not take it. */
export async function writeKept(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(value)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    throw new CodedError('STORAGE', `cannot write ${path}: ${(error as Error).message}`, {
      hint: 'check that the disk has room and that the folder is yours and writable',
      cause: error,
    });
  }
}
