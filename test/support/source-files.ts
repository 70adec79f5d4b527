// The repository's own source files and what each imports: what the tidy test judges.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** Relative to the repository, as `src/digest.ts`. */
  readonly path: string;
  readonly text: string;
  /** Imported files of the repository, relative to it; types included. */
  readonly imports: readonly string[];
  /** Imported packages and node: modules. */
  readonly packages: readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const importPattern = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)'([^']+)'/g;

export function sourceFiles(folders: readonly string[]): SourceFile[] {
  const paths = folders.flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
  );
  return paths.filter(path => /\.(ts|js|c)$/.test(path)).map(readSource);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const named = path.endsWith('.c') ? [] : [...text.matchAll(importPattern)].map(match => match[1]!);
  const isOwn = (name: string) => name.startsWith('.');
  return {
    path,
    text,
    imports: named.filter(isOwn).map(name => relative(root, resolve(root, dirname(path), name))),
    packages: named.filter(name => !isOwn(name)),
  };
}

/** The text without comments and the contents of strings, so that words in prose are not taken for code. */
export function codeOf({ text }: SourceFile): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
}
