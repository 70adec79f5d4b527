// Tree entries: how one machine tells another what is in a part of its file system — in a job for the farm, and in the blob
// that is a toolchain.

import type { Digest } from '../digest.ts';
import { decode, encode } from '../encoding.ts';
import { treeEntriesMax } from '../limits.ts';
import { count32, digest, fields, list, malformed, tag, text } from './fields.ts';

/** Paths are absolute and plain (no `.`, `..` or empty part), and every folder above one is a folder, never a link. */
export type TreeEntry =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly digest: Digest;
      readonly isExecutable: boolean;
      /** Last change in whole seconds since the epoch: compilers tell copies of one header apart by it (#pragma once). */
      readonly modifiedS: number;
    }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  /** Was there, and is no more. */
  | { readonly kind: 'gone'; readonly path: string };

const pathLengthMax = 4096;

export function entryToWire(entry: TreeEntry): unknown {
  if (entry.kind === 'file')
    return ['file', entry.path, entry.digest, entry.isExecutable ? 1 : 0, entry.modifiedS];
  return entry.kind === 'link' ? ['link', entry.path, entry.target] : [entry.kind, entry.path];
}

/** Throws a ProtocolError on anything but a well-formed entry. */
export function entryFromWire(value: unknown): TreeEntry {
  const kind = tag(value);
  if (kind === 'file') {
    const [, path, name, isExecutable, modifiedS] = fields(value, 5);
    return {
      kind,
      path: plainPath(path),
      digest: digest(name),
      isExecutable: count32(isExecutable) === 1,
      modifiedS: count32(modifiedS),
    };
  }
  if (kind === 'link') {
    const [, path, target] = fields(value, 3);
    return { kind, path: plainPath(path), target: text(target, pathLengthMax) };
  }
  if (kind !== 'folder' && kind !== 'gone') throw malformed('not a tree entry');
  return { kind, path: plainPath(fields(value, 2)[1]) };
}

export function entriesFromWire(value: unknown): TreeEntry[] {
  return list(value, treeEntriesMax, entryFromWire);
}

/** A whole tree as one blob. */
export function encodeTree(entries: readonly TreeEntry[]): Uint8Array {
  return encode(entries.map(entryToWire));
}

/** Throws on anything but a tree. */
export function decodeTree(bytes: Uint8Array): TreeEntry[] {
  return entriesFromWire(decode(bytes));
}

function plainPath(value: unknown): string {
  const path = text(value, pathLengthMax);
  if (!isPlainPath(path)) throw malformed('not a plain path');
  return path;
}

/** Whether a path is absolute, below the root, and has no `.`, `..`, empty or over-long part. */
export function isPlainPath(path: string): boolean {
  if (!path.startsWith('/') || path.length > pathLengthMax || path.includes('\0')) return false;
  return path
    .slice(1)
    .split('/')
    .every(name => name !== '' && name !== '.' && name !== '..' && name.length < 256);
}
