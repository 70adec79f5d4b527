// A Rust crate as a job: which of a person's environment it may need, and what its command is to a worker. The client says which
// places it has (compile/rust/rust-folder.ts), for a worker cannot look for cargo's marks on the client's disk.
import { dirname } from 'node:path';
import { type ProjectFolder, rootToken } from '../compile/project-folder.ts';
import { type RustCommand, readRustCommand } from '../compile/rust/rust-command.ts';
import { cargoToken, targetToken, toolchainToken } from '../compile/rust/rust-folder.ts';
import { type RustIdentity, rustIdentity } from '../compile/rust/rust-identity.ts';
import { rustPrefixMaps } from '../compile/rust/rust-prefix-maps.ts';
import type { Digest } from '../digest.ts';
import type { Job } from '../protocol/farm.ts';

/** What cargo tells a crate of itself, and what rustc and the loader act on: sent without being asked for. */
const usualVariables =
  /^(CARGO|CARGO_(PKG_\w+|MANIFEST_(DIR|PATH|LINKS)|CRATE_NAME|BIN_\w+|PRIMARY_PACKAGE|TARGET_TMPDIR)|OUT_DIR|RUSTC?_\w+|LLVM_\w+|CI|QNX_TARGET|LD_LIBRARY_PATH|PATH|LC_[A-Z]+|LANG|LANGUAGE|SOURCE_DATE_EPOCH)$/;
/** Read by the loader and by libc unseen, and the observer's own. */
const unseenVariables = /^(LD_(?!LIBRARY_PATH$)|GLIBC_|MALLOC_|GCONV_|P2PCACHE_)/;
const privateVariables =
  /TOKEN|SECRET|PASS(W|PHRASE|$)|CREDENTIAL|PRIVATE|COOKIE|SESSION|(^|_)(API|ACCESS|AUTH|KEY)(_|$)/i;

/** A name and a password, as addresses of databases hold them. */
const login = /:\/\/[^/\s]*:[^/\s]*@/;

/** Whether a variable goes along with every crate. */
export function travelsToRust(name: string): boolean {
  return usualVariables.test(name);
}

/** Whether a variable may go along with a crate that asks for it (env!, a procedural macro). */
export function mayBeAskedFor(name: string): boolean {
  return !unseenVariables.test(name);
}

/** Whether a variable is nobody else's business, by its name or what it holds: what asks for it is compiled at home. */
export function isPrivate(name: string, value: string): boolean {
  return !travelsToRust(name) && (privateVariables.test(name) || login.test(value));
}

/** The crate that this job compiles. Throws a RangeError where it is none that may be compiled for others. */
export function rustIdentityOf(job: Job, compiler: string, digest: Digest): RustIdentity {
  const command = readRustCommand(job.arguments, false);
  if ('uncached' in command) throw new RangeError(command.uncached);
  if (command.rust.links) throw new RangeError('it links');
  if (command.usesNativeCpu) throw new RangeError('this processor is another');
  if (job.environment.some(([name]) => !mayBeAskedFor(name))) throw new RangeError('a variable');
  const folder = folderOf(job, compiler);
  const maps = rustPrefixMaps(folder);
  if (job.added.some(argument => !maps.includes(argument))) throw new RangeError('an added option');
  const variables = new Map(job.environment);
  const request = { environment: (name: string) => variables.get(name), terminalColumns: 0 };
  return { ...rustIdentity(request, command, digest, folder), added: job.added };
}

/** The job's places, each of a kind that clients have, and no two of a kind. */
function folderOf({ cwd, root, places }: Job, compiler: string): ProjectFolder {
  const expected = new Map([
    [targetToken, undefined],
    [cargoToken, undefined],
    [rootToken, root],
    [toolchainToken, dirname(dirname(compiler))],
  ]);
  for (const { token, path } of places) {
    const known = expected.get(token);
    if (!expected.delete(token) || (known !== undefined && known !== path)) throw new RangeError('a place');
  }
  const isInOrder = places.every(({ path }, i) => i === 0 || path.length <= places[i - 1]!.path.length);
  if (!isInOrder) throw new RangeError('a place');
  return { root, cwd, spelledCwd: cwd, places };
}

/** What the toolchain of this command is captured for. */
export function rustLanguageOf({ rust: { target } }: RustCommand): string {
  // a target described in a file of its own has no libraries of the toolchain's
  return target === undefined || !/^[\w-]+$/.test(target) ? 'rust' : `rust ${target}`;
}
