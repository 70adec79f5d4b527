// A compile as a job, and what a job's command is to a worker: the same identity and keys that the client computes, worked out anew
// from the command that really runs, so that no client can have a worker sign one command's result under another command's key.
import { basename, dirname, resolve } from 'node:path';
import {
  type CompileCommand,
  type CompilerFamily,
  compilerFamily,
  readCommandLine,
} from '../compile/command-line.ts';
import type { CompileIdentity } from '../compile/compile-key.ts';
import type { CompileTicket } from '../compile/compile-request.ts';
import { isContent } from '../compile/file-states.ts';
import { prefixMapsOf } from '../compile/prefix-maps.ts';
import type { RustCommand } from '../compile/rust/rust-command.ts';
import type { Digest } from '../digest.ts';
import type { Job } from '../protocol/farm.ts';
import { type FileTree, parentsOf } from './file-tree.ts';
import { rustIdentityOf, rustLanguageOf, travelsToRust } from './rust-job.ts';
import type { Toolchain } from './toolchain.ts';

const colourArguments = ['-fdiagnostics-color=always', '-fcolor-diagnostics'];
const settableVariables =
  /^(LC_[A-Z]+|LANG|LANGUAGE|PATH|PWD|TERM|GCC_COLORS|CPATH|C(PLUS)?_INCLUDE_PATH|COMPILER_PATH|GCC_EXEC_PREFIX|LIBRARY_PATH|SOURCE_DATE_EPOCH|DEPENDENCIES_OUTPUT|SUNPRO_DEPENDENCIES)$/;

/** Whether a variable may travel with a job in C: those that compilers act on. Nothing else of a person's environment leaves. */
export function mayTravel(name: string): boolean {
  return settableVariables.test(name);
}

/** The identity of the compile that this job runs. Throws a RangeError where it is none that may be run for others. */
export function identityOf(job: Job, tree: FileTree): CompileIdentity {
  const compiler = tree.resolve(job.compiler);
  const family = compiler === undefined ? undefined : compilerFamily(compiler);
  const digest = tree.stateOf(job.compiler);
  if (family === undefined || !isContent(digest)) throw new RangeError('no compiler');
  return family === 'rustc' ? rustIdentityOf(job, compiler!, digest) : identityOfC(job, family, digest);
}

function identityOfC(job: Job, family: CompilerFamily, compiler: Digest): CompileIdentity {
  const { cwd, root, spelledCwd } = job;
  if (job.arguments.some(argument => argument.startsWith('@'))) throw new RangeError('a response file');
  const maps = prefixMapsOf({ root, cwd, spelledCwd });
  if (job.added.some(argument => !colourArguments.includes(argument) && !maps.includes(argument)))
    throw new RangeError('an added option');
  if (job.environment.some(([name]) => !mayTravel(name))) throw new RangeError('a variable');
  if (cwd !== root && !cwd.startsWith(`${root}/`)) throw new RangeError('a folder outside of its root');
  const command = readCommandLine(job.arguments, cwd);
  if ('uncached' in command) throw new RangeError(command.uncached);
  if (command.usesNativeCpu) throw new RangeError('this processor is another');
  const variables = new Map(job.environment);
  return {
    family,
    compiler,
    command,
    folder: { root, cwd, spelledCwd },
    environment: name => variables.get(name),
    added: job.added,
    cpu: '',
    name: basename(job.compiler),
  };
}

/** The folders into which this command writes, as it spells them made absolute; those above others first. */
export function outputFolders({
  family,
  command,
  folder,
}: Pick<CompileIdentity, 'family' | 'command' | 'folder'>): string[] {
  const spelled =
    family === 'rustc'
      ? (command as RustCommand).rust.outputFolders
      : outputsOfC(command).map(file => dirname(file));
  const folders = new Set(spelled.map(path => resolve(folder.cwd, path)));
  return [...folders].sort((a, b) => parentsOf(a).length - parentsOf(b).length);
}

function outputsOfC({ arguments: args, source, output }: CompileCommand): string[] {
  const files = [output ?? basename(source)];
  for (const [i, argument] of args.entries()) {
    const named = /^-(?:Wp,-MM?D,|Wp,-MF,|MF)(.+)/.exec(argument)?.[1];
    if (named !== undefined) files.push(named);
    else if (argument === '-MF') files.push(args[i + 1] ?? '');
  }
  return files;
}

/** What the compile needs of its toolchain: g++ takes C for C++. */
export function languageOf({ family, name, command }: CompileIdentity): string {
  if (family === 'rustc') return rustLanguageOf(command as RustCommand);
  const { language = 'c' } = command;
  return language === 'c' && /\+\+(-[0-9.]+)?$/.test(name) ? 'c++' : language;
}

/** The compile as a job that names this toolchain; `asked`: variables that it asks for beyond those that always travel. */
export function jobOf(
  { request, identity }: CompileTicket,
  toolchain: Toolchain,
  asked: ReadonlySet<string>,
): Job {
  const { family, command, folder, added } = identity;
  const travels = family === 'rustc' ? travelsToRust : mayTravel;
  return {
    toolchain: toolchain.digest,
    compiler: request.compiler,
    arguments: command.arguments,
    added,
    cwd: folder.cwd,
    root: folder.root,
    spelledCwd: folder.spelledCwd,
    places: folder.places ?? [],
    environment: Object.entries(request.variables()).filter(([name]) => travels(name) || asked.has(name)),
  };
}
