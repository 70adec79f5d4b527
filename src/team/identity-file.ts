// The key file: a machine's identity on disk, readable by its owner alone. Handled as ssh handles keys: a file that others
// can read is refused, not used and not repaired, because the key may already be someone else's too.
import { constants } from 'node:fs';
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError } from '../errors.ts';
import { generateIdentity, type Identity, identityFromSeed } from './identity.ts';

const line = /^p2pcache-key-1 ([0-9a-f]{64})\n$/;
const fileSizeBytesMax = 1024;
const othersMask = 0o077;

/** The identity kept at `path`; made there (with its folder) if nothing is there yet. KEY_UNREADABLE on a file that cannot
 * be read, is malformed, or that others can read; STORAGE where none can be written. */
export async function loadOrCreateIdentity(path: string): Promise<Identity> {
  return (await loadIdentity(path)) ?? (await createIdentity(path));
}

/** The identity kept at `path`, undefined where nothing is. KEY_UNREADABLE as above. */
export async function loadIdentity(path: string): Promise<Identity | undefined> {
  let text: string;
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > fileSizeBytesMax) throw malformed(path);
      if ((stat.mode & othersMask) !== 0) {
        throw new CodedError('KEY_UNREADABLE', `others can read the key file ${path}`, {
          hint: `if nobody did, type: chmod 600 ${path}`,
        });
      }
      text = await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (error instanceof CodedError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CodedError('KEY_UNREADABLE', `cannot read the key file ${path}: ${why}`, {
      hint: 'make the file yours and readable by you alone, or set another home',
      cause: error,
    });
  }
  const seed = line.exec(text)?.[1];
  if (seed === undefined) throw malformed(path);
  return identityFromSeed(Buffer.from(seed, 'hex'));
}

/** Whoever comes first wins: two processes that start at once end up with one key. */
async function createIdentity(path: string): Promise<Identity> {
  const identity = generateIdentity();
  // Named by the new key, so that no other process writes the same one.
  const temporary = `${path}.${identity.key.slice(0, 16)}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeNew(temporary, `p2pcache-key-1 ${Buffer.from(identity.seed).toString('hex')}\n`);
    await moveIfAbsent(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    const other = hasCode(error, 'EEXIST') ? await loadIdentity(path) : undefined;
    if (other !== undefined) return other;
    const why = error instanceof Error ? error.message : String(error);
    throw new CodedError('STORAGE', `cannot write the key file ${path}: ${why}`, {
      hint: 'make the folder yours and writable, or set another home',
      cause: error,
    });
  }
  return identity;
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** EEXIST where something is at `to` already: a rename alone would replace it. */
async function moveIfAbsent(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await unlink(from);
  } catch (error) {
    // A file system without hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].some(code => hasCode(error, code))) throw error;
    await rename(from, to);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

function malformed(path: string): CodedError {
  return new CodedError('KEY_UNREADABLE', `${path} is not a key file, or it is damaged`, {
    hint: 'restore it from a backup; or move it away and join again, which makes a new key',
  });
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === code;
}
