// The program's version, as package.json says it: in a checkout one folder up, in the package two.
import { readFileSync } from 'node:fs';

export const version: string = readVersion(
  new URL('../package.json', import.meta.url),
  new URL('../../package.json', import.meta.url),
);

function readVersion(...places: readonly URL[]): string {
  for (const place of places) {
    try {
      return (JSON.parse(readFileSync(place, 'utf8')) as { version: string }).version;
    } catch {}
  }
  return 'unknown';
}
