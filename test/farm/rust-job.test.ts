// What a worker takes for a crate's job and what it refuses before anything runs, and what of a person's environment a crate gets.
import { expect, test } from 'vitest';
import { rustKeys } from '../../src/compile/rust/rust-identity.ts';
import { digestOf } from '../../src/digest.ts';
import { FileTree } from '../../src/farm/file-tree.ts';
import { identityOf, languageOf, outputFolders } from '../../src/farm/job-command.ts';
import { isPrivate, mayBeAskedFor, travelsToRust } from '../../src/farm/rust-job.ts';
import type { Job } from '../../src/protocol/farm.ts';

const toolchain = '/home/ann/.rustup/toolchains/stable';
const tree = new FileTree();
tree.put({
  kind: 'file',
  path: `${toolchain}/bin/rustc`,
  digest: digestOf('rustc'),
  isExecutable: true,
  modifiedS: 0,
});

const target = '/home/ann/project/target';
const crate = ['--crate-name', 'base', 'base/src/lib.rs', '--emit=dep-info,metadata,link'];
const out = ['--out-dir', `${target}/debug/deps`, '-C', 'extra-filename=-0123456789abcdef'];
const library = [...crate, '--crate-type', 'lib', ...out];
const job: Job = {
  toolchain: digestOf('toolchain'),
  compiler: `${toolchain}/bin/rustc`,
  arguments: library,
  added: [],
  cwd: '/home/ann/project',
  root: '/home/ann/project',
  spelledCwd: '/home/ann/project',
  places: [
    { token: '{toolchain}', path: toolchain },
    { token: '{target}', path: target },
    { token: '{root}', path: '/home/ann/project' },
    { token: '{cargo}', path: '/home/ann/.cargo' },
  ],
  environment: [['CARGO_PKG_NAME', 'base']],
};

test('a library is one, its outputs go where the command says, and its key knows no folder', () => {
  const identity = identityOf(job, tree);
  expect(identity.command.source).toBe('base/src/lib.rs');
  expect(outputFolders(identity)).toEqual([`${target}/debug/deps`]);
  expect(languageOf(identity)).toBe('rust');
  const elsewhere = (text: string) => text.replaceAll('/home/ann/project', '/srv/bob/checkout');
  const other = identityOf(
    {
      ...job,
      arguments: library.map(elsewhere),
      cwd: elsewhere(job.cwd),
      root: elsewhere(job.root),
      places: [
        job.places[0]!,
        ...job.places.slice(1).map(place => ({ ...place, path: elsewhere(place.path) })),
      ],
    },
    tree,
  );
  expect(rustKeys(other).shared).toBe(rustKeys(identity).shared);
  expect(rustKeys(other).checkout).not.toBe(rustKeys(identity).checkout);
});

test('another target is another toolchain', () => {
  const languageFor = (name: string) =>
    languageOf(identityOf({ ...job, arguments: [...library, '--target', name] }, tree));
  expect(languageFor('wasm32-unknown-unknown')).toBe('rust wasm32-unknown-unknown');
  expect(languageFor('/home/ann/own.json')).toBe('rust');
});

test.each<[string, Partial<Job>]>([
  ['a program', { arguments: [...crate, '--crate-type', 'bin', ...out] }],
  ['a procedural macro', { arguments: [...crate, '--crate-type', 'proc-macro', ...out] }],
  ['a crate that does not say what it is', { arguments: [...crate, ...out] }],
  ['tests', { arguments: [...library, '--test'] }],
  ['this machine’s own processor', { arguments: [...library, '-C', 'target-cpu=native'] }],
  ['another added option', { added: ['--cfg=evil'] }],
  ['a map of another folder', { added: ['--remap-path-prefix=/usr=/proc/self/cwd'] }],
  ['a loader’s variable', { environment: [['LD_PRELOAD', '/evil.so']] }],
  ['the observer’s variable', { environment: [['P2PCACHE_OBSERVE', '/dev/null']] }],
  ['a place of no known kind', { places: [{ token: '{home}', path: '/home/ann' }] }],
  ['two places of a kind', { places: [job.places[1]!, job.places[1]!] }],
  ['another toolchain’s folder', { places: [{ token: '{toolchain}', path: '/usr' }] }],
  ['a root that is another', { places: [{ token: '{root}', path: '/home' }] }],
  ['places out of order', { places: job.places.toReversed() }],
  ['no compiler', { compiler: '/usr/bin/rustc' }],
])('%s is refused', (_, change) => {
  expect(() => identityOf({ ...job, ...change }, tree)).toThrow(RangeError);
});

test('of a person’s environment a crate gets what cargo says of it, and what it asks for unless that is a secret', () => {
  const names = ['CARGO_PKG_NAME', 'OUT_DIR', 'HOME', 'CARGO_REGISTRY_TOKEN', 'MY_API_KEY', 'GREETING'];
  expect(names.filter(travelsToRust)).toEqual(['CARGO_PKG_NAME', 'OUT_DIR']);
  expect(names.filter(mayBeAskedFor)).toEqual(names);
  expect(names.filter(name => isPrivate(name, ''))).toEqual(['CARGO_REGISTRY_TOKEN', 'MY_API_KEY']);
  expect(isPrivate('DATABASE_URL', 'postgres://ann:word@host/db')).toBe(true);
  expect(isPrivate('DATABASE_URL', 'sqlite:///tmp/a.db')).toBe(false);
  expect(['LD_PRELOAD', 'GLIBC_TUNABLES', 'LD_LIBRARY_PATH'].filter(mayBeAskedFor)).toEqual([
    'LD_LIBRARY_PATH',
  ]);
});
