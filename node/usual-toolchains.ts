// The toolchains of the compilers that builds ask for by these names, as PATH has them.
import { basename, join } from 'node:path';
import { type FileStates, isContent } from '../src/compile/file-states.ts';
import type { MemberPaths } from '../src/control-paths.ts';
import type { Toolchain, Toolchains } from '../src/farm/toolchain.ts';
import { compilerVersionTimeoutMs } from '../src/limits.ts';
import { childProcesses } from './system/child-processes.ts';

const languageOf = {
  cc: 'c',
  'c++': 'c++',
  gcc: 'c',
  'g++': 'c++',
  clang: 'c',
  'clang++': 'c++',
  rustc: 'rust',
} as const;

export type UsualCompiler = keyof typeof languageOf;

export interface UsualToolchain {
  readonly name: UsualCompiler;
  readonly compiler: string;
  /** Undefined where it cannot be captured. */
  readonly toolchain: Toolchain | undefined;
}

/** Captures them one after the other; those that are not here are left out. */
export async function* usualToolchains(
  names: readonly UsualCompiler[],
  toolchains: Toolchains,
  { paths, states }: { readonly paths: MemberPaths; readonly states: FileStates },
): AsyncGenerator<UsualToolchain> {
  const shims = join(paths.binDir, 'shims');
  const folders = (process.env.PATH ?? '').split(':').filter(folder => folder !== '' && folder !== shims);
  for (const name of names) {
    const found = folders.map(folder => join(folder, name)).find(path => states.isExecutable(path));
    const compiler = found && name === 'rustc' ? await realRustc(found, states) : found;
    const digest = compiler === undefined ? 'missing' : states.stateOf(compiler);
    if (compiler === undefined || !isContent(digest)) continue;
    yield { name, compiler, toolchain: await toolchains.of(compiler, digest, languageOf[name]) };
  }
}

/** What cargo runs in the place of rustup's stand-in for rustc, which becomes whatever its folder's toolchain has. */
async function realRustc(found: string, states: Pick<FileStates, 'realPathOf'>): Promise<string | undefined> {
  if (basename(states.realPathOf(found) ?? '') !== 'rustup') return found;
  const said = await childProcesses.outputOf(
    { path: found, argv: [found, '--print', 'sysroot'], cwd: '/', environment: environmentOfRustup() },
    { timeoutMs: compilerVersionTimeoutMs, bytesMax: 4096 },
  );
  return said && join(said.toString().trim(), 'bin', 'rustc');
}

/** As this daemon's own, but for what could have it download a toolchain. */
function environmentOfRustup(): Record<string, string> {
  const own = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return { ...Object.fromEntries(own), RUSTUP_AUTO_INSTALL: '0' };
}
