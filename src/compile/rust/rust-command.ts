// Reads rustc's command line just far enough to tell a crate that can be cached from everything else. What the compiler
// reads and writes is observed, so an option needs a rule only where it names files, chooses what is written, or is refused.
import { dirname } from 'node:path';
import type { CompileCommand, Uncached } from '../command-line.ts';

export interface SearchFolder {
  /** `dependency`, `crate`, `native`, `framework`, `all`. */
  readonly kind: string;
  readonly path: string;
}

export interface RustCommand extends CompileCommand {
  readonly rust: {
    /** Folders that outputs go to, as given; `.` where the compiler chooses. */
    readonly outputFolders: readonly string[];
    /** What the names of outputs start with, apart from `lib`. */
    readonly stems: readonly string[];
    readonly searchFolders: readonly SearchFolder[];
    /** Files given with --extern. */
    readonly externs: readonly string[];
    /** What it compiles for; undefined for this machine. */
    readonly target: string | undefined;
    /** Whether it makes a program or another file that a linker has to put together. */
    readonly links: boolean;
  };
}

/** Options whose value is the next argument when none is joined with `=`. */
const separateValueOptions: ReadonlySet<string> = new Set([
  ...['--crate-name', '--crate-type', '--edition', '--emit', '--out-dir', '--extern', '--cfg', '--check-cfg'],
  ...['--target', '--sysroot', '--error-format', '--json', '--color', '--diagnostic-width', '--cap-lints'],
  ...['--allow', '--warn', '--deny', '--forbid', '--force-warn', '--remap-path-prefix', '--remap-path-scope'],
  ...['--env-set', '--codegen'],
  ...['-C', '-L', '-l', '-o', '-A', '-W', '-D', '-F', '-Z'],
]);
const flags = /^(-O|-g|--test)$/;
const joinedValue = /^-[CLlAWDFZo]./;

/** Unstable options that add nothing to what a compile reads and writes. */
const harmlessUnstable =
  /^(unstable-options|threads=\d+|allow-features=.*|binary-dep-depinfo|remap-cwd-prefix=.*)$/;

/** The crate that these arguments ask for, or the named reason why it is not one that is cached. */
export function readRustCommand(args: readonly string[], stderrIsTerminal: boolean): RustCommand | Uncached {
  const read = new RustArguments();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg.startsWith('@')) return { uncached: 'response-file' };
    if (arg === '-') return { uncached: 'standard-input' };
    if (!arg.startsWith('-')) {
      read.sources.push(arg);
      continue;
    }
    if (/^(--print|--explain|--help|--version|-h|-V|-vV|-v|--verbose)(=|$)/.test(arg))
      return { uncached: 'prints-information' };
    if (flags.test(arg)) continue;
    const [option, value, takesNext] = split(arg, args[i + 1]);
    if (option === undefined || value === undefined) return { uncached: 'unsupported-option' };
    if (takesNext) i++;
    const reason = read.take(option, value);
    if (reason !== undefined) return { uncached: reason };
  }
  return read.finish(args, stderrIsTerminal);
}

/** The option, its value, and whether that is the next argument. */
function split(
  arg: string,
  next: string | undefined,
): [option?: string | undefined, value?: string | undefined, takesNext?: boolean] {
  if (separateValueOptions.has(arg)) return [arg, next, true];
  const equals = arg.indexOf('=');
  if (arg.startsWith('--')) {
    const name = equals < 0 ? arg : arg.slice(0, equals);
    return separateValueOptions.has(name) && equals > 0 ? [name, arg.slice(equals + 1), false] : [];
  }
  return joinedValue.test(arg) ? [arg.slice(0, 2), arg.slice(2), false] : [];
}

class RustArguments {
  readonly sources: string[] = [];
  readonly #searchFolders: SearchFolder[] = [];
  readonly #externs: string[] = [];
  readonly #outputs: string[] = [];
  readonly #crateTypes: string[] = [];
  readonly #emitted: string[] = [];
  #crateName: string | undefined;
  #target: string | undefined;
  #extraFilename = '';
  #outDir: string | undefined;
  #isForPeople = true;
  #usesNativeCpu = false;

  /** Takes an option in; returns the reason where it is one that is refused. */
  take(option: string, value: string): string | undefined {
    switch (option) {
      case '--crate-name':
        this.#crateName = value;
        return undefined;
      case '--crate-type':
        this.#crateTypes.push(...value.split(','));
        return undefined;
      case '--target':
        this.#target = value;
        return undefined;
      case '--out-dir':
        this.#outDir = value;
        return undefined;
      case '-o':
        this.#outputs.push(value);
        return undefined;
      case '--emit':
        return this.#takeEmit(value);
      case '-L':
        this.#searchFolders.push(searchFolder(value));
        return undefined;
      case '--extern':
        if (value.includes('=')) this.#externs.push(value.slice(value.indexOf('=') + 1));
        return undefined;
      case '--error-format':
        this.#isForPeople = value !== 'json';
        return undefined;
      case '-C':
      case '--codegen':
        return this.#takeCodegen(value);
      case '-Z':
        return harmlessUnstable.test(value) ? undefined : 'unstable-option';
      case '-A':
      case '-W':
      case '-D':
      case '-F':
        return value === 'help' ? 'prints-information' : undefined;
      default:
        return undefined;
    }
  }

  #takeEmit(value: string): string | undefined {
    for (const kind of value.split(',')) {
      const equals = kind.indexOf('=');
      this.#emitted.push(equals < 0 ? kind : kind.slice(0, equals));
      if (equals < 0) continue;
      const path = kind.slice(equals + 1);
      if (path === '-') return 'output-to-stdout';
      this.#outputs.push(path);
    }
    return undefined;
  }

  #takeCodegen(value: string): string | undefined {
    const [name, setting] = value.split(/=(.*)/s);
    switch (name?.replaceAll('_', '-')) {
      case 'incremental':
        return 'incremental';
      case 'save-temps':
        return 'unsupported-option';
      case 'help':
        return 'prints-information';
      case 'extra-filename':
        this.#extraFilename = setting ?? '';
        return undefined;
      case 'target-cpu':
        this.#usesNativeCpu ||= setting === 'native';
        return undefined;
      default:
        return undefined;
    }
  }

  finish(args: readonly string[], stderrIsTerminal: boolean): RustCommand | Uncached {
    const [source, another] = this.sources;
    if (source === undefined) return { uncached: 'prints-information' };
    if (another !== undefined) return { uncached: 'several-sources' };
    // colours and the width of diagnostics follow the terminal, which the launcher's pipe would hide
    if (stderrIsTerminal && this.#isForPeople) return { uncached: 'terminal' };
    const crate = this.#crateName ?? stemOf(source).replaceAll('-', '_');
    return {
      arguments: args,
      source,
      output: this.#outputs[0],
      usesNativeCpu: this.#usesNativeCpu,
      choosesColour: true,
      rust: {
        outputFolders: [this.#outDir ?? '.', ...this.#outputs.map(path => dirname(path))],
        stems: [crate + this.#extraFilename, ...this.#outputs.map(stemOf)],
        searchFolders: this.#searchFolders,
        externs: this.#externs,
        target: this.#target,
        links: this.#links(args),
      },
    };
  }

  /** Where no type is given the source may name one: a program, in doubt. */
  #links(args: readonly string[]): boolean {
    if (this.#emitted.length > 0 && !this.#emitted.includes('link')) return false;
    const isLibrary = this.#crateTypes.length > 0 && this.#crateTypes.every(type => libraryTypes.has(type));
    return !isLibrary || args.includes('--test');
  }
}

/** What rustc puts together by itself. */
const libraryTypes: ReadonlySet<string> = new Set(['lib', 'rlib']);

function searchFolder(value: string): SearchFolder {
  const [, kind, path] = /^(dependency|crate|native|framework|all)=(.*)$/s.exec(value) ?? [];
  return kind === undefined ? { kind: 'all', path: value } : { kind, path: path! };
}

function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/^lib(?=.*\.(rlib|rmeta|so|a)$)/, '');
  return name.replace(/\.[^.]*$/, '');
}
