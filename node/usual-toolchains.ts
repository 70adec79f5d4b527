// The toolchains of the compilers that builds ask for by these names, as PATH has them.
import { join } from 'node:path';
import type { FileStates } from '../src/compile/file-states.ts';
import type { MemberPaths } from '../src/control-paths.ts';
import type { Toolchain, Toolchains } from '../src/farm/toolchain.ts';

const languageOf = { cc: 'c', 'c++': 'c++', gcc: 'c', 'g++': 'c++', clang: 'c', 'clang++': 'c++' } as const;

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
    const compiler = folders.map(folder => join(folder, name)).find(path => states.isExecutable(path));
    const digest = compiler === undefined ? 'missing' : states.stateOf(compiler);
    if (compiler === undefined || digest === 'missing' || digest === 'folder' || digest === 'other') continue;
    yield { name, compiler, toolchain: await toolchains.of(compiler, digest, languageOf[name]) };
  }
}
