// The places of a rustc run: the project, its target folder, cargo's home and the toolchain. Each may have another name at a
// teammate's or in another workspace, and is a token in keys, manifests and results.
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Environment } from '../input-manifest.ts';
import { markedRoot, type Place, type ProjectFolder, rootToken } from '../project-folder.ts';
import type { RustCommand } from './rust-command.ts';

export const targetToken = '{target}';
export const cargoToken = '{cargo}';
export const toolchainToken = '{toolchain}';

/** How widely a result holds, the widest first, and the places that it may hold the names of. */
export const levels: readonly (readonly [name: Level, tokens: readonly string[]])[] = [
  ['shared', []],
  ['machine', [cargoToken, toolchainToken]],
  ['checkout', [cargoToken, toolchainToken, rootToken]],
  ['bound', [cargoToken, toolchainToken, rootToken, targetToken]],
];
export type Level = 'shared' | 'machine' | 'checkout' | 'bound';

const targetsByFolder = new Map<string, string>();
const rememberedMax = 10_000;

/** The places of this command; `compiler` is the real path of rustc. */
export function rustFolder(
  cwd: string,
  command: RustCommand,
  compiler: string,
  environment: Environment,
): ProjectFolder {
  const home = environment('HOME');
  const cargo = environment('CARGO_HOME') ?? (home === undefined ? undefined : `${home}/.cargo`);
  const target = targetFolder(resolve(cwd, command.rust.outputFolders[0]!));
  const places: Place[] = [
    { token: targetToken, path: target },
    { token: toolchainToken, path: dirname(dirname(compiler)) },
  ];
  if (cargo !== undefined) places.push({ token: cargoToken, path: resolve(cargo) });
  // a package of the registry is compiled for the project whose target folder it goes to, and no part of it
  const isPackage = cargo !== undefined && isBelow(cwd, resolve(cargo));
  const root = markedRoot(isPackage ? target : cwd) ?? cwd;
  if (!isPackage) places.push({ token: rootToken, path: root });
  places.sort((a, b) => b.path.length - a.path.length);
  return { root, cwd, spelledCwd: cwd, places: places.filter(({ path }) => path.length > 1) };
}

/** The folder that cargo marked as its target folder, or else the one that its layout shows; at worst the folder itself. */
function targetFolder(outDir: string): string {
  const known = targetsByFolder.get(outDir);
  if (known !== undefined) return known;
  let found: string | undefined;
  for (let at = outDir; at !== '/' && found === undefined; at = dirname(at)) {
    if (existsSync(`${at}/CACHEDIR.TAG`)) found = at;
  }
  found ??= /^(.+)\/[^/]+\/(?:deps|examples|build)(?:\/|$)/.exec(outDir)?.[1] ?? outDir;
  if (targetsByFolder.size >= rememberedMax) targetsByFolder.clear();
  targetsByFolder.set(outDir, found);
  return found;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
