// The real project that the demo builds: zstd and its binding for Node, whose C and C++ sources come with the package zstd-napi.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

export interface Compile {
  /** The source, relative to the checkout. */
  readonly source: string;
  readonly object: string;
  /** Run in the checkout. */
  readonly argv: readonly string[];
}

const require = createRequire(import.meta.url);
const nodeHeaders = ['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'];
const cFlags = ['-O2', '-Wall', '-DXXH_NAMESPACE=ZSTD_', '-DZSTD_MULTITHREAD', '-Ideps/zstd/lib'];
const cxxFlags = [
  '-std=c++17',
  '-O2',
  '-Wall',
  '-DNAPI_VERSION=8',
  '-DNODE_ADDON_API_DISABLE_DEPRECATED',
  '-Ideps/zstd/lib',
  '-Iinclude',
];

/** Copies the sources into `checkout`, as a git clone would bring them. */
export function checkOut(checkout: string): void {
  const home = packageFolder('zstd-napi');
  for (const folder of ['deps/zstd/lib', 'src'])
    cpSync(join(home, folder), join(checkout, folder), { recursive: true });
  const include = join(checkout, 'include');
  mkdirSync(include, { recursive: true });
  mkdirSync(join(checkout, 'build'), { recursive: true });
  const addonApi = packageFolder('node-addon-api');
  for (const name of readdirSync(addonApi).filter(each => each.endsWith('.h'))) {
    cpSync(join(addonApi, name), join(include, name));
  }
  const headers = nodeIncludeFolder();
  if (headers !== undefined) for (const name of nodeHeaders) cpSync(join(headers, name), join(include, name));
}

/** Every compile of the project, in the order in which make would start them. */
export function compilesOf(checkout: string): Compile[] {
  const sources = readdirSync(checkout, { recursive: true, encoding: 'utf8' }).sort();
  const c = sources.filter(name => name.endsWith('.c')).map(source => compile('gcc', cFlags, source));
  const hasNodeHeaders = existsSync(join(checkout, 'include', 'node_api.h'));
  const cxx = hasNodeHeaders ? sources.filter(name => name.endsWith('.cc')) : [];
  // The slow ones first, so that no processor idles at the end.
  return [...cxx.map(source => compile('g++', cxxFlags, source)), ...c];
}

export function readObject(checkout: string, { object }: Compile): Buffer {
  return readFileSync(join(checkout, object));
}

function compile(compiler: string, flags: readonly string[], source: string): Compile {
  const object = join('build', `${basename(source).replace(/\.cc?$/, '')}.o`);
  return { source, object, argv: [compiler, ...flags, '-MMD', '-c', source, '-o', object] };
}

function packageFolder(name: string): string {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    throw new Error(
      `the demo builds the sources in the package ${name}, which npm could not install here; see the output of npm ci`,
    );
  }
}

function nodeIncludeFolder(): string | undefined {
  const folder = join(dirname(dirname(process.execPath)), 'include', 'node');
  return existsSync(join(folder, 'node_api.h')) ? folder : undefined;
}
