// What a compile is before any of its files are read: which compiler by content, which command, in which folder.
import { realpathSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type CompilerFamily, compilerFamily, readCommandLine, type Uncached } from './command-line.ts';
import type { CompileIdentity } from './compile-key.ts';
import type { CompileRequest } from './compile-request.ts';
import { type FileStates, isContent } from './file-states.ts';
import type { Environment } from './input-manifest.ts';
import { projectFolder } from './project-folder.ts';
import { identifyRust } from './rust/rust-identity.ts';

/** The compile that the request asks for, or why it is one that is not cached. `cpu` describes the processor. */
export function identifyCompile(
  request: CompileRequest,
  states: FileStates,
  cpu: () => string,
): CompileIdentity | Uncached {
  const { cwd, environment } = request;
  // it shares memory among the processes that it was set for, and stops those that come in between
  if (environment('LD_PRELOAD')?.includes('libfaketime')) return { uncached: 'faked-clock' };
  const compiler = identifyCompiler(resolve(cwd, request.compiler));
  if (compiler === undefined) return { uncached: 'unknown-compiler' };
  if (compiler.family === 'rustc') return identifyRust(request, compiler.path, states, cpu);
  const command = readCommandLine(request.argv.slice(1), cwd);
  if ('uncached' in command) return command;
  // clang's holds the mtimes of its headers
  if (command.makesHeader && compiler.family === 'clang') return { uncached: 'precompiled-header' };
  const digest = states.stateOf(compiler.path);
  if (!isContent(digest)) return { uncached: 'unknown-compiler' };
  const folder = projectFolder(cwd, spelledFolder(cwd, environment('PWD')), [
    command.source,
    ...(command.output === undefined ? [] : [command.output]),
  ]);
  const added =
    request.stderrIsTerminal && !command.choosesColour ? colourArguments(compiler.family, environment) : [];
  return {
    family: compiler.family,
    compiler: digest,
    command,
    folder,
    environment,
    added,
    cpu: command.usesNativeCpu ? cpu() : '',
    name: basename(request.compiler),
  };
}

function identifyCompiler(path: string): { path: string; family: CompilerFamily } | undefined {
  try {
    const real = realpathSync(path);
    const family = compilerFamily(real);
    return family && { path: real, family };
  } catch {
    return undefined;
  }
}

/** $PWD where it names the working folder, as gcc and clang take it; else undefined. */
function spelledFolder(cwd: string, pwd: string | undefined): string | undefined {
  if (pwd === undefined || !pwd.startsWith('/') || pwd === cwd) return undefined;
  try {
    const [a, b] = [statSync(pwd), statSync(cwd)];
    return a.ino === b.ino && a.dev === b.dev ? pwd : undefined;
  } catch {
    return undefined;
  }
}

/** The launcher reads the compiler's diagnostics through a pipe, so it asks for the colours that a terminal would get. */
function colourArguments(family: CompilerFamily, environment: Environment): string[] {
  const term = environment('TERM');
  if (term === undefined || term === 'dumb' || environment('GCC_COLORS') === '') return [];
  return [family === 'gcc' ? '-fdiagnostics-color=always' : '-fcolor-diagnostics'];
}
