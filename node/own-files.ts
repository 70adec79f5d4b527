// What a worker has itself of what a client names: the same system's files, and the toolchains that rustup put down, wherever
// either of them has its home. A client names paths of its own machine: only what is anyone's to read is looked at.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
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

/** That file itself, if whoever changes it can be told by its attributes. */
export function ownFile(digest: Digest, path: string, rustupHome = rustupHomeHere()): OwnFile | undefined {
  const found = find(digest, path, rustupHome);
  if (found === undefined) return undefined;
  const stamp = stampOf(found.path);
  const isSettled = stamp !== undefined && Date.now() - settledMs > stamp.changedMs;
  return isSettled && stamp.text === found.stamp
    ? { path: found.path, isStill: () => stampOf(found.path)?.text === found.stamp }
    : undefined;
}

/** What is at the place, followed through links, with the attributes that it had before it was read. */
function find(digest: Digest, path: string, rustupHome: string) {
  const sizeBytes = digestSizeBytes(digest);
  for (const candidate of systemFolders.test(path) ? [path] : twins(path, rustupHome)) {
    try {
      const real = realpathSync(candidate);
      const stamp = stampOf(real);
      if (stamp?.sizeBytes !== sizeBytes) continue;
      const bytes = readFileSync(real);
      if (matchesDigest(bytes, digest)) return { path: real, bytes, stamp: stamp.text };
    } catch {
      // not there, or not to be read
    }
  }
  return undefined;
}

/** The attributes of a file by which a change shows; undefined for what is none. */
function stampOf(path: string) {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile()) return undefined;
  const { dev, ino, size, mode, mtimeNs, ctimeNs, ctimeMs, mtimeMs } = stats;
  return {
    text: [dev, ino, size, mode, mtimeNs, ctimeNs].join(' '),
    sizeBytes: Number(size),
    changedMs: Math.max(Number(ctimeMs), Number(mtimeMs)),
  };
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
