// What a rustc run is before any of its files are read, and the first keys that it is looked up by.
import { type Digest, digestOf } from '../../digest.ts';
import { encode } from '../../encoding.ts';
import type { Uncached } from '../command-line.ts';
import { type CompileIdentity, type CompileKeys, unseenVariables } from '../compile-key.ts';
import type { CompileRequest } from '../compile-request.ts';
import { type FileStates, isContent } from '../file-states.ts';
import { type ProjectFolder, placesOf, toPortable } from '../project-folder.ts';
import { type RustCommand, readRustCommand } from './rust-command.ts';
import { portableList, rustEnvironment } from './rust-environment.ts';
import { type Level, levels, rustFolder } from './rust-folder.ts';
import { mappedName } from './rust-prefix-maps.ts';

/** Changes whenever keys or results change their meaning. */
const rustKeyVersion = 2;

export interface RustIdentity extends CompileIdentity {
  readonly family: 'rustc';
  readonly command: RustCommand;
}

/** The crate that the request asks for; `compiler` is the real path of rustc. */
export function identifyRust(
  request: CompileRequest,
  compiler: string,
  states: FileStates,
  cpu: () => string,
): RustIdentity | Uncached {
  const command = readRustCommand(request.argv.slice(1), request.stderrIsTerminal);
  if ('uncached' in command) return command;
  const digest = states.stateOf(compiler);
  if (!isContent(digest)) return { uncached: 'unknown-compiler' };
  const folder = rustFolder(request.cwd, command, compiler, request.environment);
  return { ...rustIdentity(request, command, digest, folder), cpu: command.usesNativeCpu ? cpu() : '' };
}

/** A crate that is compiled for no processor in particular. */
export function rustIdentity(
  request: Pick<CompileRequest, 'environment' | 'terminalColumns'>,
  command: RustCommand,
  compiler: Digest,
  folder: ProjectFolder,
): RustIdentity {
  const environment = rustEnvironment(request, command, folder);
  return { family: 'rustc', compiler, command, folder, environment, added: [], cpu: '', name: 'rustc' };
}

/** A key for each level; it holds the names that results of the level may hold. */
export function rustKeys(identity: CompileIdentity): CompileKeys {
  const { compiler, command, folder, environment, added, cpu } = identity;
  // places are ordered by the length of their paths, which is no matter of the key
  const named = placesOf(folder).toSorted((a, b) => (a.token < b.token ? -1 : 1));
  const shared = [
    rustKeyVersion,
    compiler,
    portableArguments(command.arguments, folder),
    toPortable(folder.cwd, folder),
    // cargo adds its target folder and the toolchain to LD_LIBRARY_PATH
    unseenVariables.map(name => portableList(environment(name), folder) ?? null),
    cpu,
    added.length === 0 ? [] : named.map(place => [place.token, mappedName(place, added) ?? null]),
  ];
  const keyOf = ([level, tokens]: (typeof levels)[number]) => {
    const places = named.filter(({ token }) => tokens.includes(token));
    const cwd = level === 'bound' ? folder.cwd : '';
    const names = places.map(({ token, path }) => [token, path]);
    return [level, digestOf(encode(['rust', level, names, cwd, ...shared]))] as const;
  };
  return Object.fromEntries(levels.map(keyOf)) as Record<Level, Digest>;
}

/**
 * Options whose paths say where files are and reach a result only as visible text. Other options keep their folders:
 * some are part of a crate's hash.
 */
const pathOptions = /^(--out-dir|-L|--extern|-o|--emit|--sysroot)(?:=|$)/;

function portableArguments(args: readonly string[], folder: ProjectFolder): string[] {
  let isPath = false;
  return args.map(argument => {
    const takesPath = isPath || !argument.startsWith('-') || pathOptions.test(argument);
    isPath = pathOptions.test(argument) && !argument.includes('=');
    if (argument.startsWith('--diagnostic-width=')) return '--diagnostic-width'; // see terminal-width.ts
    return takesPath ? portableValue(argument, folder) : argument;
  });
}

/** `name=/place/x`, `-L/place/x` and `/place/x` with the token for the place. */
function portableValue(argument: string, folder: ProjectFolder): string {
  const [, before, path] = /^([^/]*)(\/.*)$/s.exec(argument) ?? [];
  return path === undefined ? argument : before + toPortable(path, folder);
}
