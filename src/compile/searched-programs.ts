// Programs that a compiler may have found along PATH, such as gcc its assembler: not what PATH is decides a result, but which
// program each of these names leads to. In an input set they stand among the variables, by names that no variable has.
import { basename, dirname } from 'node:path';
import type { FileStates } from './file-states.ts';
import type { Environment } from './input-manifest.ts';
import { type ProjectFolder, toPortable } from './project-folder.ts';

const prefix = 'PATH/';

type ProgramStates = Pick<FileStates, 'isExecutable' | 'realPathOf'>;

/** The names for those of the files read that lie in a folder of PATH; `compiler` is called by its path and needs none. */
export function searchedPrograms(
  reads: Iterable<string>,
  environment: Environment,
  { cwd }: ProjectFolder,
  compiler: string,
): string[] {
  const folders = new Set(foldersOf(environment('PATH'), cwd));
  const names = [...reads].filter(path => folders.has(dirname(path))).map(path => basename(path));
  return [...new Set(names)].filter(name => name !== compiler).map(name => prefix + name);
}

/** The program that such a name stands for, if it is one. */
export function searchedProgram(variable: string): string | undefined {
  return variable.startsWith(prefix) ? variable.slice(prefix.length) : undefined;
}

/** Where the program is found now, portable and with all links followed; undefined where it is not. */
export function programFound(
  program: string,
  environment: Environment,
  folder: ProjectFolder,
  states: ProgramStates,
): string | undefined {
  const found = candidates(program, environment('PATH'), folder.cwd).find(path => states.isExecutable(path));
  const real = found === undefined ? undefined : states.realPathOf(found);
  return real === undefined ? undefined : toPortable(real, folder);
}

/** Every absolute path at which the program is looked for, in that order. */
export function candidates(program: string, path: string | undefined, cwd: string): string[] {
  return foldersOf(path, cwd).map(folder => `${folder}/${program}`);
}

/** An empty part is the working folder, as for execvp(3). */
function foldersOf(path: string | undefined, cwd: string): string[] {
  if (path === undefined) return [];
  return path.split(':').map(part => {
    const folder = part === '' || part === '.' ? cwd : part.startsWith('/') ? part : `${cwd}/${part}`;
    return folder.length > 1 ? folder.replace(/\/+$/, '') : folder;
  });
}
