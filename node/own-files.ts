// What a worker has itself of what a client names: the same system's files, and the toolchains that rustup put down, wherever
// either of them has its home. A client names paths of its own machine: only what is anyone's to read is looked at.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isAsRead, stampOf } from '../src/compile/file-stamp.ts';
import { type Digest, digestSizeBytes, matchesDigest } from '../src/digest.ts';
import type { OwnFile } from '../src/farm/client-copy.ts';
import { systemFolders } from '../src/farm/travel.ts';

/** What is the same in every copy of a toolchain of rustup's: its part of a path. */
const ofToolchain = /\/toolchains\/[^/]+\/((?:bin|lib)\/.+)$/;

/** So long a file must have been as it is: one that is just being written could change again within its file system's tick. */
const settledMs = 2_000;

/** The bytes of this machine's own file, where it has one that is what the client has at this path. */
export function ownBytes(
  digest: Digest,
  path: string,
  rustupHome = rustupHomeHere(),
): Uint8Array | undefined {
  return find(digest, path, rustupHome)?.bytes;
}

/** That file itself, if a change of it can be told by its attributes. */
export function ownFile(digest: Digest, path: string, rustupHome = rustupHomeHere()): OwnFile | undefined {
  const found = find(digest, path, rustupHome);
  if (found === undefined) return undefined;
  const { stats, path: real } = found;
  const stamp = stampOf(stats);
  const changedMs = Math.max(Number(stats.ctimeMs), Number(stats.mtimeMs));
  const isStill = () => isAsRead(real, stamp);
  return Date.now() - settledMs > changedMs && isStill() ? { path: real, isStill } : undefined;
}

/** What is at the place, followed through links, with the attributes that it had before it was read. */
function find(digest: Digest, path: string, rustupHome: string) {
  const sizeBytes = BigInt(digestSizeBytes(digest));
  for (const candidate of systemFolders.test(path) ? [path] : twins(path, rustupHome)) {
    try {
      const real = realpathSync(candidate);
      const stats = statSync(real, { bigint: true });
      if (!stats.isFile() || stats.size !== sizeBytes) continue;
      const bytes = readFileSync(real);
      if (matchesDigest(bytes, digest)) return { path: real, bytes, stats };
    } catch {
      // not there, or not to be read
    }
  }
  return undefined;
}

function rustupHomeHere(): string {
  return process.env.RUSTUP_HOME || join(homedir(), '.rustup');
}

/** The file's places in this machine's toolchains. */
function twins(path: string, rustupHome: string): string[] {
  const [, within] = ofToolchain.exec(path) ?? [];
  if (within === undefined) return [];
  const toolchains = join(rustupHome, 'toolchains');
  try {
    return readdirSync(toolchains).map(name => join(toolchains, name, within));
  } catch {
    return [];
  }
}
