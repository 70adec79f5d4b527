// What a worker refuses before anything runs: commands that would read its own files, options and variables that no client adds.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { FileTree } from '../../src/farm/file-tree.ts';
import { identityOf, mayTravel, outputFolders } from '../../src/farm/job-command.ts';
import type { Job } from '../../src/protocol/farm.ts';

const tree = new FileTree();
tree.put({
  kind: 'file',
  path: '/usr/bin/x86_64-linux-gnu-g++-12',
  digest: digestOf('driver'),
  isExecutable: true,
  modifiedS: 0,
});
tree.put({ kind: 'link', path: '/usr/bin/g++', target: 'x86_64-linux-gnu-g++-12' });

const job: Job = {
  toolchain: digestOf('toolchain'),
  compiler: '/usr/bin/g++',
  arguments: ['-O2', '-c', 'a.cc', '-o', 'out/a.o', '-MD', '-MF', 'deps/a.d'],
  added: [],
  cwd: '/home/ann/project',
  root: '/home/ann',
  spelledCwd: '/home/ann/project',
  places: [],
  environment: [['LC_ALL', 'C']],
};

test('a plain compile is one, and its outputs go where the command says', () => {
  const identity = identityOf(job, tree);
  expect(identity.command.source).toBe('a.cc');
  expect(outputFolders(identity)).toEqual(['/home/ann/project/out', '/home/ann/project/deps']);
});

test.each<[string, Partial<Job>]>([
  ['a response file', { arguments: ['@/etc/passwd', '-c', 'a.cc'] }],
  ['a plugin', { arguments: ['-fplugin=/x.so', '-c', 'a.cc'] }],
  ['no compile', { arguments: ['a.o', '-o', 'a'] }],
  ['this machine’s own processor', { arguments: ['-march=native', '-c', 'a.cc'] }],
  ['another added option', { added: ['-include/evil.h'] }],
  ['a map of another folder', { added: ['-fdebug-prefix-map=/usr=/proc/self/cwd'] }],
  ['a loader’s variable', { environment: [['LD_PRELOAD', '/evil.so']] }],
  ['a folder outside of the root', { cwd: '/tmp' }],
  ['no compiler', { compiler: '/usr/bin/clang' }],
])('%s is refused', (_, change) => {
  expect(() => identityOf({ ...job, ...change }, tree)).toThrow(RangeError);
});

test('of a person’s environment only what compilers act on leaves the machine', () => {
  const names = ['PATH', 'LC_ALL', 'CPATH', 'HOME', 'AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'SSH_AUTH_SOCK'];
  expect(names.filter(mayTravel)).toEqual(['PATH', 'LC_ALL', 'CPATH']);
});
