// Prefix maps for rustc, for projects that ask for them (prefix-maps.ts): what a crate says of its sources then names no folder
// of this machine, so that crates are the same at every teammate's. The project's root becomes what debuggers take for the
// folder they are started in; cargo's home, which is no part of the project, gets a name of its own.
import { debugRoot } from '../debug-root.ts';
import { type Place, type ProjectFolder, placesOf, rootToken } from '../project-folder.ts';
import { cargoToken, targetToken } from './rust-folder.ts';

const option = '--remap-path-prefix';

/** The arguments to add; rustc takes the last that fits, so those for places inside others come last. */
export function rustPrefixMaps(folder: ProjectFolder): string[] {
  const root = placesOf(folder).find(({ token }) => token === rootToken);
  const nameOf = ({ token, path }: Place): string | undefined => {
    if (token === rootToken) return debugRoot;
    if (token === cargoToken) return '/cargo';
    const isInRoot = root !== undefined && path.startsWith(`${root.path}/`);
    return token === targetToken && !isInRoot ? `${debugRoot}/target` : undefined;
  };
  return placesOf(folder)
    .toReversed()
    .flatMap(place => {
      const name = nameOf(place);
      return name === undefined ? [] : [`${option}=${place.path}=${name}`];
    });
}

/** What these arguments make of the place's name, or undefined where they leave it. */
export function mappedName({ path }: Place, args: readonly string[]): string | undefined {
  const maps = args.flatMap((argument, i) => {
    const map =
      argument === option
        ? args[i + 1]
        : argument.startsWith(`${option}=`)
          ? argument.slice(option.length + 1)
          : undefined;
    const equals = map?.lastIndexOf('=') ?? -1;
    return map === undefined || equals < 0 ? [] : [{ from: map.slice(0, equals), to: map.slice(equals + 1) }];
  });
  const map = maps.findLast(
    ({ from }) => path === from || path.startsWith(from.endsWith('/') ? from : `${from}/`),
  );
  return map && map.to + path.slice(map.from.length);
}
