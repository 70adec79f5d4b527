// The real projects that are built, and how each says which commands make its object files: CMake writes them down, make
// prints them, and two are so plain that a list of sources is all there is.
import { cpSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianSource } from './debian-source.ts';
import { runOk } from './run.ts';

export type CompilerFamily = 'gcc' | 'clang';

export interface Compile {
  /** A shell command that writes the object and its depfile. */
  readonly command: string;
  /** Relative to the build's folder, as `depfile`. */
  readonly object: string;
  readonly depfile: string;
}

export interface Build {
  readonly folder: string;
  readonly compiles: readonly Compile[];
}

export interface Project {
  readonly name: string;
  /** Finds out the compiles of a checkout that `checkOut` made. */
  readonly configure: (checkout: string, drivers: Drivers) => Promise<Build>;
}

interface Drivers {
  readonly c: string;
  readonly cxx: string;
}

const drivers: Readonly<Record<CompilerFamily, Drivers>> = {
  gcc: { c: 'gcc', cxx: 'g++' },
  clang: { c: 'clang', cxx: 'clang++' },
};

export const projects: readonly Project[] = [
  { name: 'abseil', configure: cmake('-DCMAKE_CXX_STANDARD=17') },
  { name: 'googletest', configure: cmake('-Dgtest_build_samples=ON') },
  {
    name: 'fmtlib',
    configure: listed('{src/{format,os},test/enforce-checks-test}.cc', '-O2 -std=c++17 -Wall -Iinclude'),
  },
  { name: 're2', configure: listed('{re2,util}/*.cc', '-O3 -std=c++11 -pthread -Wall -I.') },
  { name: 'zlib', configure: listed('*.c', '-O3 -D_LARGEFILE64_SOURCE=1') },
  { name: 'lua5.4', configure: make('src', ['all']) },
  {
    name: 'redis',
    configure: make('src', ['V=1', 'MALLOC=libc', 'redis-server'], 'SOURCE_DATE_EPOCH=1 ./mkreleasehdr.sh'),
  },
];

/** A checkout of the project in a folder that is not there yet, and the compiles that build it. */
export async function checkOut(project: Project, folder: string, family: CompilerFamily): Promise<Build> {
  cpSync(await debianSource(project.name), folder, { recursive: true });
  return project.configure(folder, drivers[family]);
}

function cmake(...options: string[]): Project['configure'] {
  return async (checkout, { c, cxx }) => {
    const folder = join(checkout, 'build');
    const flags = [`-DCMAKE_C_COMPILER=${c}`, `-DCMAKE_CXX_COMPILER=${cxx}`, '-DCMAKE_CXX_FLAGS=-O2'];
    const exporting = '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON';
    await runOk(['cmake', '-G', 'Ninja', '-S', '.', '-B', folder, exporting, ...flags, ...options], {
      cwd: checkout,
    });
    const database = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8')) as {
      command: string;
    }[];
    return { folder, compiles: database.map(({ command }) => toCompile(command)) };
  };
}

function make(subfolder: string, targets: readonly string[], prepare = 'true'): Project['configure'] {
  return async (checkout, { c }) => {
    const folder = join(checkout, subfolder);
    await runOk(['sh', '-c', prepare], { cwd: folder });
    const { stdout } = await runOk(['make', '-n', `CC=${c}`, ...targets], { cwd: folder });
    // Only what this folder's makefile runs itself: its depths are entered and left again, in lines that say so.
    let depth = 0;
    const commands = stdout.split('\n').filter(line => {
      if (/: Entering directory /.test(line)) depth += 1;
      if (/: Leaving directory /.test(line)) depth -= 1;
      return depth === 0 && line.startsWith(`${c} `) && / -c /.test(line);
    });
    return { folder, compiles: [...new Set(commands)].map(toCompile) };
  };
}

function listed(pattern: string, flags: string): Project['configure'] {
  return async (folder, { c, cxx }) => {
    const sources = globSync(pattern, { cwd: folder }).sort();
    const compiler = (source: string) => (source.endsWith('.c') ? c : cxx);
    return {
      folder,
      compiles: sources.map(source => toCompile(`${compiler(source)} ${flags} -c ${source}`)),
    };
  };
}

/** The command as a build with dependency tracking would run it. */
function toCompile(command: string): Compile {
  const [, named] = / -o (\S+)/.exec(command) ?? [];
  const [, source] = / (\S+)\.(?:c|cc)$/.exec(command.trimEnd()) ?? [];
  const object = named ?? `${source}.o`;
  const depfile = `${object}.d`;
  const output = named === undefined ? ` -o ${object}` : '';
  return { command: `${command}${output} -MD -MF ${depfile}`, object, depfile };
}
