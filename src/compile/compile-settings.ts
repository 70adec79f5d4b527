// What a person may set for a compile: whether results are taken from the cache, put into it, both or neither, whether prefix
// maps are added, and whether teammates may run it. The most specific word wins: the command's environment, then the project's file
// (p2pcache.toml at its root), then the person's own settings.
import type { CompileRequest } from './compile-request.ts';
import type { Environment } from './input-manifest.ts';
import type { ProjectFolder } from './project-folder.ts';

export type Mode = 'off' | 'read' | 'write' | 'read-write';

/** `auto`: where that is predicted faster. */
export type Farm = 'auto' | 'off';

export const modes: readonly Mode[] = ['off', 'read', 'write', 'read-write'];

export interface CompileSettings {
  readonly mode: Mode;
  /** Whether compilers are told to write paths relative to the project's root, so that results do not hold its folder. */
  readonly prefixMaps: boolean;
  /** Whether teammates may run it. */
  readonly farm: Farm;
  /** Why the settings cannot be told (a p2pcache.toml with a mistake): the name it is counted by, and a sentence. */
  readonly problem?: { readonly reason: string; readonly text: string };
  /** What a launcher can check (checks.ts) to know that the project's file is still the one that was read. */
  readonly checks: readonly Buffer[];
}

/** The settings for a compile of `source` (absolute) in this folder. */
export type ReadSettings = (
  request: CompileRequest,
  folder: ProjectFolder,
  source: string,
) => CompileSettings;

/** What a project's file, or the person's, has to say; what it leaves out is undefined. */
export interface GivenSettings {
  readonly mode?: Mode;
  readonly prefixMaps?: boolean;
  readonly farm?: Farm;
}

export function mayRead(mode: Mode): boolean {
  return mode === 'read' || mode === 'read-write';
}

export function mayWrite(mode: Mode): boolean {
  return mode === 'write' || mode === 'read-write';
}

/** The mode that a text spells, or undefined. */
export function parseMode(text: unknown): Mode | undefined {
  return modes.find(mode => mode === text);
}

/** The word that a text spells, or undefined. */
export function parseFarm(text: unknown): Farm | undefined {
  return text === 'auto' || text === 'off' ? text : undefined;
}

/** Combines what is given, the most specific first: the command's environment, the project's file, the person's. */
export function combineSettings(
  environment: Environment,
  project: GivenSettings,
  person: GivenSettings,
): Omit<CompileSettings, 'checks'> {
  const command = environment('P2PCACHE_MODE');
  const mode = command === undefined || command === '' ? undefined : parseMode(command);
  if (mode === undefined && command !== undefined && command !== '') {
    const text = `P2PCACHE_MODE is ${JSON.stringify(command)}; it takes ${modes.join(', ')}`;
    return { mode: 'off', prefixMaps: false, farm: 'off', problem: { reason: 'mode-unknown', text } };
  }
  return {
    mode: mode ?? project.mode ?? person.mode ?? 'read-write',
    prefixMaps: project.prefixMaps ?? person.prefixMaps ?? false,
    farm: commandsFarm(environment) ?? project.farm ?? person.farm ?? 'auto',
  };
}

/** In doubt a job stays. */
function commandsFarm(environment: Environment): Farm | undefined {
  const word = environment('P2PCACHE_FARM');
  return word === undefined || word === '' ? undefined : (parseFarm(word) ?? 'off');
}

/** What the command's environment alone says. */
export const environmentSettings: ReadSettings = ({ environment }) => ({
  ...combineSettings(environment, {}, {}),
  checks: [],
});
