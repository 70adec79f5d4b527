// How widely a run's outputs hold: which places they name, or could name where a search would not find it.
import type { CompileIdentity } from '../compile-key.ts';
import type { WrittenFile } from '../compile-outputs.ts';
import type { InputSet } from '../input-manifest.ts';
import { type Place, placesOf } from '../project-folder.ts';
import { holdsName, mayHideText } from './rust-evidence.ts';
import { type Level, levels } from './rust-folder.ts';
import { mappedName } from './rust-prefix-maps.ts';

/** The level of these binary outputs, from inputs `set`. The widest question is asked first: most crates name few places. */
export function levelOf(
  binaries: readonly WrittenFile[],
  set: InputSet,
  identity: Pick<CompileIdentity, 'command' | 'folder' | 'environment' | 'added'>,
): Level {
  const places = placesOf(identity.folder);
  const assumed = assumedPlaces(binaries, set, identity);
  const isHeld = (place: Place) =>
    assumed.has(place) || binaries.some(({ bytes }) => holdsName(bytes, place, places));
  for (let i = levels.length - 1; i > 0; i--) {
    const [level, tokens] = levels[i]!;
    const own = places.filter(({ token }) => tokens.includes(token) && !levels[i - 1]![1].includes(token));
    // an assumption costs no search
    if (own.some(place => assumed.has(place)) || own.some(isHeld)) return level;
  }
  return 'shared';
}

/** Places that the outputs are taken to hold without a look. */
function assumedPlaces(
  binaries: readonly WrittenFile[],
  set: InputSet,
  {
    command,
    folder,
    environment,
    added,
  }: Pick<CompileIdentity, 'command' | 'folder' | 'environment' | 'added'>,
): Set<Place> {
  const places = placesOf(folder);
  const args = [...added, ...command.arguments];
  const assumed = new Set<Place>();
  const assume = (path: string) => {
    const token = /^\{\w+\}/.exec(path)?.[0];
    const place = places.find(each =>
      token === undefined ? `${path}/`.startsWith(`${each.path}/`) : each.token === token,
    );
    if (place !== undefined && mappedName(place, args) === undefined) assumed.add(place);
  };
  // both are in a crate's hash, and file!() can be measured without leaving text
  assume(folder.cwd);
  assume(command.source);
  if (!binaries.some(({ bytes }) => mayHideText(bytes))) return assumed;
  for (const path of set.reads.filter(isSource)) assume(path);
  const values = set.environment.map(name => environment(name) ?? '');
  const namesOutputs = args.some(argument => argument.includes('split-debuginfo'));
  for (const place of places)
    if (namesOutputs || values.some(value => value.includes(place.path))) assumed.add(place);
  return assumed;
}

/** Anything but crates, whose content is in the key: their names are in no output. */
function isSource(path: string): boolean {
  return !/\.(rlib|rmeta|so|a|o)$/.test(path);
}
