// The project's own settings: p2pcache.toml at its root, the same for everyone who checks it out. It is read again whenever it
// has changed. A mistake in it never fails a build: its compiles run uncached (`p2pcache stats` counts `project-file`), and
// `p2pcache why` says what is wrong and where.
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { missingCheck, sameFileCheck } from '../src/compile/checks.ts';
import type { CompileRequest } from '../src/compile/compile-request.ts';
import {
  type CompileSettings,
  combineSettings,
  type GivenSettings,
  modes,
  parseFarm,
  parseMode,
} from '../src/compile/compile-settings.ts';
import { markedRoot, type ProjectFolder, projectFileName } from '../src/compile/project-folder.ts';
import { projectFileBytesMax, projectFilesMax } from '../src/limits.ts';
import { onOrOff } from './config.ts';

interface ProjectFile {
  readonly given: GivenSettings;
  /** What is wrong with it, with the place. */
  readonly mistake: string | undefined;
  readonly check: Buffer;
}

interface ProjectKey {
  readonly expects: string;
  readonly read: (value: unknown) => GivenSettings | undefined;
}

/** The keys of a project's file. Hyphens are taken for underscores. */
export const projectKeys: Readonly<Record<string, ProjectKey>> = {
  mode: {
    expects: modes.map(mode => `"${mode}"`).join(', '),
    read: value => {
      const mode = parseMode(value);
      return mode && { mode };
    },
  },
  farm: {
    expects: '"auto" or "off"',
    read: value => {
      const farm = parseFarm(value);
      return farm && { farm };
    },
  },
  prefix_maps: {
    expects: 'true or false',
    read: value => {
      const prefixMaps = onOrOff(value);
      return prefixMaps === undefined ? undefined : { prefixMaps };
    },
  },
};

export class ProjectSettings {
  readonly #person: GivenSettings;
  /** By path, size, inode and times: a changed file is another entry. */
  readonly #files = new Map<string, ProjectFile>();

  /** `person`: what holds where neither the command nor the project says. */
  constructor(person: GivenSettings) {
    this.#person = person;
  }

  /** The settings for a compile, and what to check before they are taken to hold for the same compile again. */
  for({ environment }: CompileRequest, folder: ProjectFolder, source: string): CompileSettings {
    const { file, checks } = this.#fileFor(folder, source);
    const settings = combineSettings(environment, file?.given ?? {}, this.#person);
    if (file?.mistake === undefined || settings.problem !== undefined) return { ...settings, checks };
    return { ...settings, problem: { reason: 'project-file', text: file.mistake }, checks };
  }

  /** The file at the root of the working folder; of the source's checkout where a build stands outside of it. */
  #fileFor(
    { cwd, root }: ProjectFolder,
    source: string,
  ): { file: ProjectFile | undefined; checks: readonly Buffer[] } {
    const checks: Buffer[] = [];
    const roots = new Set([root, markedRoot(dirname(source)) ?? root]);
    for (const candidate of roots) {
      const path = `${candidate}/${projectFileName}`;
      const file = this.#read(path);
      if (file !== undefined) return { file, checks: [...checks, ...nearer(cwd, candidate), file.check] };
      checks.push(missingCheck(path));
    }
    return { file: undefined, checks: [...checks, ...nearer(cwd, '/')] };
  }

  #read(path: string): ProjectFile | undefined {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    const version = [path, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join('\0');
    let file = this.#files.get(version);
    if (file === undefined) {
      file = { ...readProjectFile(path, Number(stats.size)), check: sameFileCheck(path, stats) };
      if (this.#files.size >= projectFilesMax) this.#files.clear();
      this.#files.set(version, file);
    }
    return file;
  }
}

/** Checks that no other project begins between the working folder and `root`. */
function nearer(cwd: string, root: string): Buffer[] {
  const checks: Buffer[] = [];
  for (let at = cwd; at !== root && at !== '/'; at = dirname(at))
    checks.push(missingCheck(`${at}/${projectFileName}`));
  return checks;
}

function readProjectFile(path: string, sizeBytes: number): Omit<ProjectFile, 'check'> {
  if (sizeBytes > projectFileBytesMax) return { given: {}, mistake: `${path} is too large for settings` };
  let table: Record<string, unknown>;
  try {
    table = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const where = error instanceof TomlError ? `${path}:${error.line}:${error.column}` : path;
    return { given: {}, mistake: `${where}: ${(error as Error).message.split('\n')[0]}` };
  }
  let given: GivenSettings = {};
  for (const [name, value] of Object.entries(table)) {
    const key = projectKeys[name.replaceAll('-', '_')];
    if (key === undefined) {
      const known = Object.keys(projectKeys).join(', ');
      return { given: {}, mistake: `${path}: there is no setting "${name}"; there are ${known}` };
    }
    const read = key.read(value);
    if (read === undefined) {
      return {
        given: {},
        mistake: `${path}: "${name}" cannot be ${JSON.stringify(value)}; it takes ${key.expects}`,
      };
    }
    given = { ...given, ...read };
  }
  return { given, mistake: undefined };
}
