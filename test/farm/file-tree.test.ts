// A tree of another machine's files: it resolves names as a kernel does, and takes in nothing that would let a write go astray.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { FileTree } from '../../src/farm/file-tree.ts';

const digest = digestOf('text');
const file = (path: string) => ({ kind: 'file', path, digest, isExecutable: false, modifiedS: 0 }) as const;

test('links are followed on the way and at the end, in steps upwards too', () => {
  const tree = new FileTree();
  tree.put({ kind: 'link', path: '/lib', target: 'usr/lib' });
  tree.put(file('/usr/lib/gcc/12/cc1'));
  tree.put({ kind: 'link', path: '/usr/bin/cc', target: '/lib/gcc/12/cc1' });
  expect(tree.resolve('/lib/gcc/12/cc1')).toBe('/usr/lib/gcc/12/cc1');
  expect(tree.resolve('/usr/bin/cc')).toBe('/usr/lib/gcc/12/cc1');
  expect(tree.stateOf('/lib/gcc/12/../12/./cc1')).toBe(digest);
  expect(tree.stateOf('/lib/gcc/13/../12/cc1')).toBe('missing'); // as for the kernel: 13 is not there
  expect(tree.lacksAll('/lib/gcc/12', ['cc1plus', 'cc1'])).toBe(false);
  expect(tree.lacksAll('/lib/gcc/12', ['cc1plus'])).toBe(true);
});

test('a loop of links leads nowhere', () => {
  const tree = new FileTree();
  tree.put({ kind: 'link', path: '/a', target: 'b' });
  tree.put({ kind: 'link', path: '/b', target: '/a' });
  expect(tree.stateOf('/a/x')).toBe('missing');
});

test.each(['relative', '/a/../b', '/a//b', '/a/./b', '/', '/a\0b', `/${'x'.repeat(300)}`])(
  '%j is no path',
  path => {
    expect(() => new FileTree().put(file(path))).toThrow(RangeError);
  },
);

test('nothing is put below a link or a file', () => {
  const tree = new FileTree();
  tree.put({ kind: 'link', path: '/etc', target: '/home/owner' });
  tree.put(file('/plain'));
  expect(() => tree.put(file('/etc/passwd'))).toThrow(RangeError);
  expect(() => tree.put(file('/plain/below'))).toThrow(RangeError);
});

test('what is gone is gone with all below it', () => {
  const tree = new FileTree();
  tree.put(file('/a/b/c'));
  tree.put({ kind: 'gone', path: '/a/b' });
  expect(tree.stateOf('/a/b/c')).toBe('missing');
  expect(tree.kindOf('/a')).toBe('folder');
});
