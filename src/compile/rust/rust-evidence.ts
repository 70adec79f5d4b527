// Which places a crate's outputs hold the names of, by looking at their bytes. A library's metadata and debug information
// name its sources, so nearly every crate holds cargo's home or the project's root; what matters is which.
import { hidesText, isElf } from '../folder-evidence.ts';
import type { Place } from '../project-folder.ts';

const archiveMagic = Buffer.from('!<arch>\n');
const memberHeadBytes = 60;

/** Whether the place's name is in the bytes, other than as the beginning of a place inside it. */
export function holdsName(bytes: Buffer, place: Place, places: readonly Place[]): boolean {
  const inner = places
    .filter(({ path }) => path.startsWith(`${place.path}/`))
    .map(({ path }) => Buffer.from(path));
  for (let at = bytes.indexOf(place.path); at >= 0; at = bytes.indexOf(place.path, at + 1)) {
    if (!inner.some(other => other.equals(bytes.subarray(at, at + other.length)))) return true;
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
