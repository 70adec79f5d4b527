// A compile as a job, and what a job's command is to a worker: the same identity and keys that the client computes, worked out anew
// from the command that really runs, so that no client can have a worker sign one command's result under another command's key.
import { basename, dirname, resolve } from 'node:path';
import { compilerFamily, readCommandLine } from '../compile/command-line.ts';
import type { CompileIdentity } from '../compile/compile-key.ts';
import type { CompileTicket } from '../compile/compile-request.ts';
import { prefixMapsOf } from '../compile/prefix-maps.ts';
import type { Job } from '../protocol/farm.ts';
import { type FileTree, parentsOf } from './file-tree.ts';
import type { Toolchain } from './toolchain.ts';

const colourArguments = ['-fdiagnostics-color=always', '-fcolor-diagnostics'];
const settableVariables =
  /^(LC_[A-Z]+|LANG|LANGUAGE|PATH|PWD|TERM|GCC_COLORS|CPATH|C(PLUS)?_INCLUDE_PATH|COMPILER_PATH|GCC_EXEC_PREFIX|LIBRARY_PATH|SOURCE_DATE_EPOCH|DEPENDENCIES_OUTPUT|SUNPRO_DEPENDENCIES)$/;

/** Whether a variable may travel with a job: those that compilers act on. Nothing else of a person's environment leaves. */
export function mayTravel(name: string): boolean {
  return settableVariables.test(name);
}

/** The identity of the compile that this job runs. Throws a RangeError where it is none that may be run for others. */
export function identityOf(job: Job, tree: FileTree): CompileIdentity {
  const { cwd, root, spelledCwd } = job;
  if (job.arguments.some(argument => argument.startsWith('@'))) throw new RangeError('a response file');
  const maps = prefixMapsOf({ root, cwd, spelledCwd });
  if (job.added.some(argument => !colourArguments.includes(argument) && !maps.includes(argument)))
    throw new RangeError('an added option');
  if (job.environment.some(([name]) => !mayTravel(name))) throw new RangeError('a variable');
  if (cwd !== root && !cwd.startsWith(`${root}/`)) throw new RangeError('a folder outside of its root');
  const compiler = tree.resolve(job.compiler);
  const family = compiler === undefined ? undefined : compilerFamily(compiler);
  const digest = tree.stateOf(job.compiler);
  const command = readCommandLine(job.arguments, cwd);
  if (family === undefined || digest === 'missing' || digest === 'folder' || digest === 'other')
    throw new RangeError('no compiler');
  if ('uncached' in command) throw new RangeError(command.uncached);
  if (command.usesNativeCpu) throw new RangeError('this processor is another');
  const variables = new Map(job.environment);
  return {
    family,
    compiler: digest,
    command,
    folder: { root, cwd, spelledCwd },
    environment: name => variables.get(name),
    added: job.added,
    cpu: '',
    name: basename(job.compiler),
  };
}

/** The folders into which this command writes, as it spells them made absolute; those above others first. */
export function outputFolders({ command, folder }: Pick<CompileIdentity, 'command' | 'folder'>): string[] {
  const { arguments: args, source, output } = command;
  const files = [output ?? basename(source)];
  for (const [i, argument] of args.entries()) {
    const named = /^-(?:Wp,-MM?D,|Wp,-MF,|MF)(.+)/.exec(argument)?.[1];
    if (named !== undefined) files.push(named);
    else if (argument === '-MF') files.push(args[i + 1] ?? '');
  }
  const folders = new Set(files.map(file => dirname(resolve(folder.cwd, file))));
  return [...folders].sort((a, b) => parentsOf(a).length - parentsOf(b).length);
}

/** What the compile needs of its toolchain: g++ takes C for C++. */
export function languageOf({ name, command: { language = 'c' } }: CompileIdentity): string {
  return language === 'c' && /\+\+(-[0-9.]+)?$/.test(name) ? 'c++' : language;
}

/** The compile as a job that names this toolchain. */
export function jobOf({ request, identity }: CompileTicket, toolchain: Toolchain): Job {
  const { command, folder, added } = identity;
  return {
    toolchain: toolchain.digest,
    compiler: request.compiler,
    arguments: command.arguments,
    added,
    cwd: folder.cwd,
    root: folder.root,
    spelledCwd: folder.spelledCwd,
    environment: Object.entries(request.variables()).filter(([name]) => mayTravel(name)),
  };
}
