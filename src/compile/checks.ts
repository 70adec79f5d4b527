// Checks: the state of the world that a known result needs, as a list that the launcher can verify by itself. They lie beside the
// results of repeated commands (ready-results.ts), so that asking for the attributes of hundreds of headers is done by the
// launchers, in parallel and in C, and not by the one thread here. cli/launcher/checks.h reads this format:
// each check is a kind byte, the kind's fields, and paths ended by NUL.
import { type BigIntStats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FileStates } from './file-states.ts';
import { absolutePath, type Environment, type InputSet, missingByFolder } from './input-manifest.ts';
import { markersIn, type ProjectFolder } from './project-folder.ts';
import { candidates, searchedProgram } from './searched-programs.ts';

const kinds = {
  /** device, inode, size, mtime and ctime in nanoseconds; path: a file that is just as it was. */
  sameFile: 1,
  /** path: nothing is there. */
  missing: 2,
  /** path: a regular file is there. */
  file: 4,
  /** as sameFile, of a folder; path: nothing in it was added or removed. */
  sameFolder: 5,
  /** as sameFile, of a folder; path; number of names; names: unless the folder is the same, none of the names is in it. */
  lacksNames: 6,
  /** device and inode; path: that very folder is there, whatever is in it. */
  thatFolder: 7,
  /** path; path: with all links followed, the first is the second. */
  leadsTo: 8,
  /** name; whether it is set (a byte); value, empty where it is not: a variable of the environment. */
  variable: 9,
} as const;

/**
 * The checks under which this set still holds as it does now, as long as its variables and PATH are the same; undefined where
 * that cannot be told (something changed a moment ago).
 */
export function checksOf(
  set: InputSet,
  folder: ProjectFolder,
  environment: Environment,
  states: FileStates,
): Buffer[] | undefined {
  const checks: (Buffer | undefined)[] = [];
  for (const path of set.reads) checks.push(states.checkOf(absolutePath(path, folder), sameFileCheck));
  for (const [parent, names] of missingByFolder(set))
    checks.push(lacksCheck(absolutePath(parent, folder), names, states));
  for (const path of set.exists) {
    const absolute = absolutePath(path, folder);
    const kind = states.kindOf(absolute);
    if (kind === 'folder') checks.push(thatFolderCheck(absolute));
    else if (kind === 'file' && !states.isExecutable(absolute)) checks.push(pathCheck(kinds.file, absolute));
    else checks.push(kind === 'file' ? programCheck(absolute) : undefined);
  }
  // files in a folder are the same by their own checks
  for (const path of new Set(set.resolved.map(path => dirname(absolutePath(path, folder))))) {
    const real = states.realPathOf(path);
    checks.push(
      real === undefined ? undefined : Buffer.concat([pathCheck(kinds.leadsTo, path), cString(real)]),
    );
  }
  for (const path of set.listed) {
    const absolute = absolutePath(path, folder);
    const stats = statSync(absolute, { bigint: true, throwIfNoEntry: false });
    checks.push(stats && Buffer.concat([attributes(kinds.sameFolder, stats), cString(absolute)]));
  }
  for (const name of set.environment) {
    const program = searchedProgram(name);
    if (program !== undefined) checks.push(...foundCheck(program, folder, environment, states));
  }
  return checks.every(check => check !== undefined) ? checks : undefined;
}

/** That a program is found along this very PATH where it is found now. */
function* foundCheck(
  program: string,
  { cwd }: ProjectFolder,
  environment: Environment,
  states: FileStates,
): Generator<Buffer | undefined> {
  for (const path of candidates(program, environment('PATH'), cwd)) {
    if (!states.exists(path)) {
      yield missingCheck(path);
      continue;
    }
    const real = states.realPathOf(path);
    yield states.isExecutable(path) ? programCheck(path) : undefined;
    yield real === undefined ? undefined : leadsToCheck(path, real);
    return;
  }
}

/** The checks that the project's root is found where it is. */
export function markerChecks({ cwd, root }: ProjectFolder, states: FileStates): Buffer[] {
  const own = markersIn(root).filter(path => states.exists(path));
  const end = own.length > 0 ? root : '/';
  const checks = own
    .slice(0, 1)
    .map(path => programCheck(path))
    .filter(check => check !== undefined);
  for (let at = cwd; at !== end && at !== '/'; at = dirname(at))
    checks.push(...markersIn(at).map(missingCheck));
  return checks;
}

/** The check for a file with these attributes. */
export function sameFileCheck(path: string, stats: BigIntStats): Buffer {
  return Buffer.concat([attributes(kinds.sameFile, stats), cString(path)]);
}

/** The check that this absolute path, with all links followed, is that one. */
export function leadsToCheck(path: string, real: string): Buffer {
  return Buffer.concat([pathCheck(kinds.leadsTo, path), cString(real)]);
}

/** The checks that these variables are as they are now. */
export function variableChecks(names: Iterable<string>, environment: Environment): Buffer[] {
  return [...new Set(names)].map(name => {
    const value = environment(name);
    const isSet = value === undefined ? 0 : 1;
    return Buffer.concat([pathCheck(kinds.variable, name), Buffer.of(isSet), cString(value ?? '')]);
  });
}

/** The check that nothing is at this absolute path. */
export function missingCheck(path: string): Buffer {
  return pathCheck(kinds.missing, path);
}

function lacksCheck(parent: string, names: readonly string[], states: FileStates): Buffer | undefined {
  const stats = statSync(parent, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return pathCheck(kinds.missing, parent);
  if (!stats.isDirectory())
    return Buffer.concat(names.map(name => pathCheck(kinds.missing, `${parent}/${name}`)));
  if (!states.lacksAll(parent, names)) return undefined;
  const count = Buffer.alloc(4);
  count.writeUInt32LE(names.length);
  return Buffer.concat([attributes(kinds.lacksNames, stats), cString(parent), count, ...names.map(cString)]);
}

/** That it is the same file is more than needed, and one that was made executable or not is no more the same. */
function programCheck(path: string): Buffer | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && sameFileCheck(path, stats);
}

function thatFolderCheck(path: string): Buffer | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || !stats.isDirectory()) return undefined;
  const bytes = Buffer.alloc(17);
  bytes[0] = kinds.thatFolder;
  bytes.writeBigUInt64LE(BigInt.asUintN(64, stats.dev), 1);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, stats.ino), 9);
  return Buffer.concat([bytes, cString(path)]);
}

function pathCheck(kind: number, path: string): Buffer {
  return Buffer.concat([Buffer.of(kind), cString(path)]);
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function attributes(kind: number, stats: BigIntStats): Buffer {
  const bytes = Buffer.alloc(41);
  bytes[0] = kind;
  const fields = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs];
  fields.forEach((field, i) => {
    bytes.writeBigUInt64LE(BigInt.asUintN(64, field), 1 + 8 * i);
  });
  return bytes;
}
