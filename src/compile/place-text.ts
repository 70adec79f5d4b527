// Text that names places (project-folder.ts): depfiles, diagnostics, cargo's notes of what was made. It is kept with tokens
// and read back with the names that the places have here, where every name in it could be told apart from other text.
import { type ProjectFolder, placesOf } from './project-folder.ts';

const head = '\0places\0';
/** In a place of this shape nothing is ever escaped, whatever text it is in. */
const plainPath = /^[\w./@+~,-]+$/;
/** What may stand before a path: no part of a longer one, but the ends of terminal colours and of JSON's escapes. */
const pathBegins = /(^|[^\w./-]|\[[\d;]*m|\\[nrt])$/;
/** What follows shows the name to be the beginning of another one. */
const nameGoesOn = /^([\w-]|\.[\w.-])/;
const contextLength = 24;

/** The text with tokens for the places in it, or undefined where they cannot be told for sure. */
export function withTokens(text: Buffer, folder: ProjectFolder): Buffer | undefined {
  if (text.includes(0)) return undefined;
  const places = placesOf(folder);
  if (!places.every(({ path }) => plainPath.test(path))) return undefined;
  const pattern = new RegExp(places.map(({ path }) => escapeRegExp(path)).join('|'), 'g');
  const source = text.toString('latin1');
  let isCertain = true;
  const portable = source.replace(pattern, (path, at: number) => {
    if (nameGoesOn.test(source.slice(at + path.length, at + path.length + 2))) return path;
    isCertain &&= pathBegins.test(source.slice(Math.max(0, at - contextLength), at));
    return `\0${places.find(place => place.path === path)!.token}\0`;
  });
  if (!isCertain) return undefined;
  return portable === source ? text : Buffer.from(portable, 'latin1');
}

/** The text with the places' names for tokens. */
export function withoutTokens(text: Buffer, folder: ProjectFolder): Buffer {
  if (!text.includes('\0{')) return text;
  const names = new Map(placesOf(folder).map(({ token, path }) => [token, path]));
  const filled = text.toString('latin1').replace(/\0(\{\w+\})\0/g, (all, token) => names.get(token) ?? all);
  return Buffer.from(filled, 'latin1');
}

/** A text file that is to be read back with `renderPlaces`; the file itself where it names no place. */
export function placesTemplate(text: Buffer, folder: ProjectFolder): Buffer | undefined {
  const portable = withTokens(text, folder);
  return portable === undefined || portable === text
    ? portable
    : Buffer.concat([Buffer.from(head), portable]);
}

/** The file that the template stands for, or undefined where the bytes are none. */
export function renderPlaces(bytes: Buffer, folder: ProjectFolder): Buffer | undefined {
  return bytes.toString('latin1', 0, head.length) === head
    ? withoutTokens(bytes.subarray(head.length), folder)
    : undefined;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
