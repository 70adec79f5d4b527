// The digest of a file is that of its bytes, however many pieces it is read in.
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf, digestOfFile } from '../src/digest.ts';

test.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 3 * 1024 * 1024 + 7])('of a file of %i bytes', sizeBytes => {
  const path = join(tmpdir(), `p2pcache-digest-${process.pid}-${sizeBytes}`);
  const bytes = Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 7919) >> 3));
  try {
    writeFileSync(path, bytes);
    expect(digestOfFile(path)).toBe(digestOf(bytes));
  } finally {
    rmSync(path, { force: true });
  }
});
