// Prefix maps: compilers are told to write paths below the project's root under names that are the same in every checkout, so
// that debug information and __FILE__ do not bind a result to its folder.
//   -fdebug-prefix-map=<root>=/proc/self/cwd   where debuggers look. Started in the root, any debugger finds the sources by
//     itself (as with Bazel); elsewhere gdb is told: set substitute-path /proc/self/cwd <root>. A relative name such as `.`
//     would not do: clang joins a source named by an absolute path to the folder of the compile, and gdb then finds neither.
//   -fmacro-prefix-map=<root>=.                what assert() and logs print.
// Coverage keeps its folder: a program writes its counts where it was built.
import type { Digest } from '../digest.ts';
import { compilerVersionTimeoutMs } from '../limits.ts';
import type { ProcessRunner } from '../platform/process-runner.ts';
import type { CompileIdentity } from './compile-key.ts';
import type { CompileRequest } from './compile-request.ts';
import { debugRoot } from './debug-root.ts';
import type { ProjectFolder } from './project-folder.ts';
import { rustPrefixMaps } from './rust/rust-prefix-maps.ts';

/** The first major versions that know -fmacro-prefix-map; -fdebug-prefix-map is older than anyone's compiler. */
const macroMapSince: Readonly<Record<string, number>> = { gcc: 8, clang: 10 };

export class PrefixMaps {
  readonly #processes: ProcessRunner;
  readonly #versions = new Map<Digest, number>();

  constructor(processes: ProcessRunner) {
    this.#processes = processes;
  }

  /** The compile with maps for its folder among the added arguments; they stand first, so the command's own maps win. */
  async applyTo(identity: CompileIdentity, request: CompileRequest): Promise<CompileIdentity> {
    const since = macroMapSince[identity.family];
    if (since === undefined) return { ...identity, added: rustPrefixMaps(identity.folder) };
    const hasMacroMap = (await this.#versionOf(identity, request)) >= since;
    const maps = prefixMapsOf(identity.folder).filter(map => hasMacroMap || !map.startsWith('-fmacro'));
    return { ...identity, added: [...maps, ...identity.added] };
  }

  /** The compiler's major version; 0 where it does not say. */
  async #versionOf({ compiler }: CompileIdentity, request: CompileRequest): Promise<number> {
    const known = this.#versions.get(compiler);
    if (known !== undefined) return known;
    const said = await this.#processes.outputOf(
      {
        path: request.compiler,
        argv: [request.compiler, '-dumpversion'],
        cwd: request.cwd,
        environment: { ...request.variables(), P2PCACHE_MODE: 'off' },
      },
      { timeoutMs: compilerVersionTimeoutMs, bytesMax: 1024 },
    );
    const major = Number.parseInt(said?.toString() ?? '', 10) || 0;
    if (said !== undefined) this.#versions.set(compiler, major);
    return major;
  }
}

/** Every map that can be added to a compile in this folder. */
export function prefixMapsOf(folder: ProjectFolder): string[] {
  return spelledRoots(folder).flatMap(root => [
    `-fdebug-prefix-map=${root}=${debugRoot}`,
    `-fmacro-prefix-map=${root}=.`,
  ]);
}

/** The root as the system spells it, and as $PWD does where that is another name of the working folder. */
function spelledRoots({ root, cwd, spelledCwd }: ProjectFolder): string[] {
  const below = cwd.slice(root.length);
  const isOther = spelledCwd !== cwd && spelledCwd.length > below.length && spelledCwd.endsWith(below);
  return isOther ? [root, spelledCwd.slice(0, spelledCwd.length - below.length)] : [root];
}
