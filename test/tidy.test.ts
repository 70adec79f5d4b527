// Style as a test: who may import whom, what stays out of the domain, how long a file may get, nothing unused, nothing unsaid.
// (Function length, unused names and formatting are the linter's, see .biome.json.)
import { describe, expect, test } from 'vitest';
import { codeOf, type SourceFile, sourceFiles } from './support/source-files.ts';

const fileLinesMax = 300;
/** The launcher is one file on purpose: it is compiled by whatever `cc` there is. Scenarios are tables of cases, not code. */
const mayBeLong = /^(?:cli\/launcher\/[a-z]+\.c|test\/integration\/scenarios\/[a-z-]+\.ts)$/;

/** A domain file imports only from its own layer and those above it. */
const layers: readonly (readonly string[])[] = [
  ['digest', 'encoding', 'errors', 'limits', 'events', 'platform', 'version'],
  ['store', 'team'],
  ['actions'],
  ['compile', 'tasks'],
  ['protocol'],
  ['peers'],
  ['farm'],
  ['pipeline'],
  ['stats', 'control', 'control-cache', 'control-farm', 'control-paths', 'control-address'],
];

const domainPackages = [
  'node:buffer',
  'node:crypto',
  'node:events',
  'node:fs',
  'node:fs/promises',
  'node:path',
  'node:sqlite',
  'node:util',
  'node:zlib',
  '@napi-rs/blake-hash',
  '@noble/ed25519',
  'cborg',
  'zstd-napi',
];
const bannedInDomain =
  /\b(?:process|console|Date|setTimeout|setInterval|setImmediate|fetch)\b\s*[.(]|\bMath\.random\b|\bnew Date\b/;

/** What nobody imports because something else starts it. */
const entryPoints = [
  /^cli\/p2pcache\.js$/,
  /^cli\/main\.ts$/,
  /^node\/main\.ts$/,
  /^simulations\/[a-z-]+\/main\.ts$/,
  /^test\/support\/[a-z-]+-machine\.ts$/,
];

const product = sourceFiles(['src', 'node', 'cli']);
const supporting = sourceFiles(['test', 'simulations']);
const everything = [...product, ...supporting];
const scripts = everything.filter(({ path }) => !path.endsWith('.c'));

describe('layers', () => {
  const domain = product.filter(({ path }) => path.startsWith('src/'));

  test('every folder of the domain has a place in the order of layers', () => {
    expect(domain.filter(({ path }) => layerOf(path) < 0).map(({ path }) => path)).toEqual([]);
  });

  test('a domain file imports only from its own layer and those above it', () => {
    const wrong = domain.map(file => {
      const isWrong = (path: string) => !path.startsWith('src/') || layerOf(path) > layerOf(file.path);
      return foreign([file], isWrong);
    });
    expect(wrong.flat()).toEqual([]);
  });

  test('the domain leaves the outside world to node/', () => {
    const packages = domain.flatMap(({ path, packages }) =>
      packages.filter(name => !domainPackages.includes(name)).map(name => `${path} imports ${name}`),
    );
    const globals = domain.map(file => [file.path, bannedInDomain.exec(codeOf(file))?.[0]]);
    expect(packages).toEqual([]);
    expect(globals.filter(([, used]) => used !== undefined)).toEqual([]);
  });

  test('the commands know the daemon by its control types only', () => {
    const commands = product.filter(({ path }) => path.startsWith('cli/'));
    const allowed = /^(?:cli\/|src\/(?:control|errors|limits|stats|version)[a-z-]*\.ts$)/;
    expect(foreign(commands, path => !allowed.test(path))).toEqual([]);
  });

  test('the daemon knows no command', () => {
    const daemon = product.filter(({ path }) => path.startsWith('node/'));
    expect(foreign(daemon, path => !/^(?:node|src)\//.test(path))).toEqual([]);
  });

  test('libp2p stays in node/libp2p', () => {
    const others = product.filter(({ path }) => !path.startsWith('node/libp2p/'));
    const users = others.filter(({ packages }) =>
      packages.some(name => /libp2p|multiformats\/multiaddr/.test(name)),
    );
    expect(users.map(({ path }) => path)).toEqual([]);
  });

  test('nothing of the product imports tests or simulations', () => {
    expect(foreign(product, path => /^(?:test|simulations)\//.test(path))).toEqual([]);
  });
});

describe('files', () => {
  test('are short', () => {
    const long = everything.filter(({ path, text }) => {
      return !mayBeLong.test(path) && text.trimEnd().split('\n').length > fileLinesMax;
    });
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test('open by saying what they are', () => {
    const silent = everything.filter(({ text }) => !/^(?:#!.*\n)?(?:\/\/|\/\*) ?\S/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('have names in kebab-case', () => {
    const odd = everything.filter(
      ({ path }) => !/^[a-z0-9-]+(?:\.test|\.config)?\.(?:ts|js|c)$/.test(baseName(path)),
    );
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  test('are all used', () => {
    const imported = new Set(everything.flatMap(({ imports }) => imports));
    const isStarted = (path: string) =>
      /\.(?:test|config)\.ts$/.test(path) || entryPoints.some(each => each.test(path));
    const dead = scripts.filter(({ path }) => !imported.has(path) && !isStarted(path));
    expect(dead.map(({ path }) => path)).toEqual([]);
  });

  test('of the product are used by the product', () => {
    const imported = new Set(product.flatMap(({ imports }) => imports));
    const isStarted = (path: string) => entryPoints.some(each => each.test(path)) || isTwin(path);
    const dead = product.filter(
      ({ path }) => !path.endsWith('.c') && !imported.has(path) && !isStarted(path),
    );
    expect(dead.map(({ path }) => path)).toEqual([]);
  });
});

/** The position of a domain file's folder (or name) in the order of layers; -1 where it has none. */
function layerOf(path: string): number {
  const [, name = ''] = /^src\/([a-z-]+)/.exec(path) ?? [];
  return layers.findIndex(names => names.includes(name));
}

/** Memory twins exist for tests and simulations. */
function isTwin(path: string): boolean {
  return baseName(path).startsWith('memory-');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function foreign(files: readonly SourceFile[], isWrong: (path: string) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter(isWrong).map(target => `${path} imports ${target}`),
  );
}
