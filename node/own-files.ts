// What a worker has itself of what a client names: the same system's files, and the toolchains that rustup put down, wherever
// either of them has its home. A client names paths of its own machine: only what is anyone's to read is looked at.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Digest, digestSizeBytes, matchesDigest } from '../src/digest.ts';
import { systemFolders } from '../src/farm/travel.ts';

/** What is the same in every copy of a toolchain of rustup's: its part of a path. */
const ofToolchain = /\/toolchains\/[^/]+\/((?:bin|lib)\/.+)$/;

/** The bytes of this machine's own file, where it has one that is what the client has at this path. */
export function ownFile(
  digest: Digest,
  path: string,
  rustupHome = process.env.RUSTUP_HOME || join(homedir(), '.rustup'),
): Uint8Array | undefined {
  const sizeBytes = digestSizeBytes(digest);
  for (const candidate of systemFolders.test(path) ? [path] : twins(path, rustupHome)) {
    const bytes = fileOfSize(candidate, sizeBytes);
    if (bytes !== undefined && matchesDigest(bytes, digest)) return bytes;
  }
  return undefined;
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

/** The file's bytes if it has as many and can be read. */
function fileOfSize(path: string, sizeBytes: number): Uint8Array | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() && stats.size === sizeBytes ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
