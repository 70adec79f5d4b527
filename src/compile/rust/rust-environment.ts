// The environment as rust's keys take it: folders in it as places, where a folder is all that a variable says.
import type { CompileRequest } from '../compile-request.ts';
import type { FileStates } from '../file-states.ts';
import type { Environment } from '../input-manifest.ts';
import { absolutePath } from '../input-manifest.ts';
import type { Observation } from '../observation.ts';
import { type ProjectFolder, toPortable } from '../project-folder.ts';
import type { RustCommand } from './rust-command.ts';
import { terminalVariable } from './terminal-width.ts';

/** Stands for OUT_DIR where only files in it are included; a name that no real variable has. */
const includedFolder = 'OUT_DIR=included';
const outDir = 'OUT_DIR';
const includes = /\binclude(_str|_bytes)?!\s*\(\s*concat!\s*\(\s*env!\s*\(\s*"OUT_DIR"/g;

/** What the request's environment says to a compile of this command. */
export function rustEnvironment(
  request: Pick<CompileRequest, 'environment' | 'terminalColumns'>,
  command: RustCommand,
  folder: ProjectFolder,
): Environment {
  return name => {
    if (name === 'PATH') return portableList(request.environment(name), folder);
    if (name === includedFolder) {
      const value = request.environment(outDir);
      return value && toPortable(value, folder);
    }
    return terminalVariable(name, command, request) ?? request.environment(name);
  };
}

/** The folders of a list such as PATH, as places: cargo puts its own among them. */
export function portableList(list: string | undefined, folder: ProjectFolder): string | undefined {
  return list
    ?.split(':')
    .map(path => toPortable(path, folder))
    .join(':');
}

/**
 * The variables that a run asked for. A crate that only includes what its build script wrote depends on those files, not on
 * what their folder is called; procedural macros, which can do anything with the name, must not be at work.
 */
export function variablesAskedFor(
  { environment, reads }: Observation,
  folder: ProjectFolder,
  states: Pick<FileStates, 'bytesAt'>,
): string[] {
  const names = [...environment];
  if (!environment.has(outDir)) return names;
  const hasMacros = [...reads].some(
    path => path.endsWith('.so') && toPortable(path, folder).startsWith('{target}'),
  );
  const onlyIncludes = (path: string) => {
    const text = states.bytesAt(absolutePath(path, folder))?.toString();
    return text !== undefined && !text.replaceAll(includes, '').includes(outDir);
  };
  const sources = [...reads].filter(path => path.endsWith('.rs'));
  if (hasMacros || !sources.every(onlyIncludes)) return names;
  return [...names.filter(name => name !== outDir), includedFolder];
}
