// The first key of a compile: everything known before a file is read — the compiler by content, its arguments, the few
// variables that act without being asked for. It finds manifests; a manifest and the files' contents give the action.
import { type Digest, digestOf } from '../digest.ts';
import { encode } from '../encoding.ts';
import type { CompileCommand, CompilerFamily } from './command-line.ts';
import type { Environment } from './input-manifest.ts';
import { argumentToPortable, type ProjectFolder, toPortable } from './project-folder.ts';

/** Changes whenever keys or results change their meaning: old entries are then simply not found. */
const keyVersion = 3;

/**
 * Read by libc itself, unseen by the observer: the language of diagnostics, the character set, where libraries are found; and
 * what the launcher says of resource limits.
 */
export const unseenVariables = [
  ...['LC_ALL', 'LC_CTYPE', 'LC_MESSAGES', 'LANG', 'LANGUAGE', 'LOCPATH', 'NLSPATH', 'OUTPUT_CHARSET'],
  ...['LD_LIBRARY_PATH', 'LD_PRELOAD', 'P2PCACHE_LIMITS'],
];

/** Every variable that decides something before any compiler has run; what else one asks for is observed. */
export const decidingVariables: readonly string[] = [
  ...unseenVariables,
  'PWD',
  'TERM',
  'GCC_COLORS',
  'P2PCACHE_MODE',
];

export interface CompileKeys {
  /** For results that are the same in every checkout. */
  readonly shared: Digest;
  /** For results that hold what this machine or its user named, but not the checkout's folder. */
  readonly machine?: Digest;
  /** For results that hold the checkout's folder, but not where the build puts its files. */
  readonly checkout?: Digest;
  /** For results that hold this checkout's folder. */
  readonly bound: Digest;
  /** For results that show no trace of their folder but could depend on it: good elsewhere once that is proven there. */
  readonly unproven?: Digest;
}

export interface CompileIdentity {
  readonly family: CompilerFamily;
  readonly compiler: Digest;
  readonly command: CompileCommand;
  readonly folder: ProjectFolder;
  readonly environment: Environment;
  /** Arguments that the launcher adds, such as colours for a terminal and prefix maps (prefix-maps.ts). */
  readonly added: readonly string[];
  /** The processor's description, for -march=native; empty where it does not matter. */
  readonly cpu: string;
  /** What the compiler is called, without its folder: clang++ and i686-linux-gnu-clang are one file, and so are gcc and cc. */
  readonly name: string;
}

export function compileKeys(identity: CompileIdentity): CompileKeys {
  const { family, compiler, command, folder, environment, added, cpu, name } = identity;
  const shared = [
    keyVersion,
    family,
    compiler,
    name,
    portableArguments(command.arguments, folder.root),
    withoutFolders(added),
    toPortable(folder.cwd, folder),
    unseenVariables.map(name => environment(name) ?? null),
    cpu,
  ];
  return {
    shared: digestOf(encode(['compile', ...shared])),
    unproven: digestOf(encode(['compile unproven', ...shared])),
    bound: digestOf(encode(['compile in folder', folder.root, folder.cwd, folder.spelledCwd, ...shared])),
  };
}

/** The keys that a result can count for, the widest first; the unproven one last. */
export function keysInOrder({ shared, machine, checkout, bound, unproven }: CompileKeys): Digest[] {
  return [shared, machine, checkout, bound, unproven].filter(key => key !== undefined);
}

/** The arguments with the root as a token where it names a folder (project-folder.ts). */
export function portableArguments(args: readonly string[], root: string): string[] {
  let isMacro = false;
  return args.map(argument => {
    const portable = argumentToPortable(argument, root, isMacro || /^-[DU]./.test(argument));
    isMacro = /^(-[DU]|--define-macro)$/.test(argument);
    return portable;
  });
}

/** Added prefix maps by their option alone: they name this machine's folders, and say the same on each. */
function withoutFolders(added: readonly string[]): string[] {
  return [...new Set(added.map(argument => argument.replace(/^(-f\w+-prefix-map)=.*/s, '$1')))];
}
