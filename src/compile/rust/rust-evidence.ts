// Which places a crate's outputs hold the names of, by looking at their bytes. A library's metadata and debug information
// name its sources, so nearly every crate holds cargo's home or the project's root; what matters is which.
import { hidesText, isElf } from '../folder-evidence.ts';
import { type Place, type ProjectFolder, placesOf } from '../project-folder.ts';

const archiveMagic = Buffer.from('!<arch>\n');
const memberHeadBytes = 60;

/** The places whose names are in the bytes. */
export function placesIn(bytes: Buffer, folder: ProjectFolder): Place[] {
  const places = placesOf(folder);
  return places.filter(place => {
    const inner = places.filter(other => other.path.startsWith(`${place.path}/`));
    return holdsName(bytes, place.path, inner);
  });
}

/** Whether the name is there other than as the beginning of a place inside this one. */
function holdsName(bytes: Buffer, name: string, inner: readonly Place[]): boolean {
  const innerNames = inner.map(({ path }) => Buffer.from(path));
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
    if (!innerNames.some(other => other.equals(bytes.subarray(at, at + other.length)))) return true;
  }
  return false;
}

/** Whether text can be in these bytes that a search for it does not find: compressed sections, bitcode. */
export function mayHideText(bytes: Buffer): boolean {
  if (!archiveMagic.equals(bytes.subarray(0, archiveMagic.length))) return hidesText(bytes);
  for (let at = archiveMagic.length; at + memberHeadBytes <= bytes.length; ) {
    const size = Number.parseInt(bytes.toString('latin1', at + 48, at + 58), 10);
    if (!(size >= 0)) return true; // not an archive that is understood
    const body = at + memberHeadBytes;
    const member = bytes.subarray(body, body + size);
    const isIndex = /^\/\/?\s/.test(bytes.toString('latin1', at, at + 16));
    if (!isIndex && (!isElf(member) || hidesText(member))) return true;
    at = body + size + (size % 2);
  }
  return false;
}
