// What gcc's compilers fill at a worker is asked for in huge pages, and nothing else is.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeObserverLog } from '../../src/farm/observer-log.ts';
import { type SharedParts, sharedParts } from '../support/compile-rig.ts';

const hasHugePages = /\bhg\b|THPeligible/.test(readFileSync('/proc/self/smaps', 'utf8'));

/** Maps memory as its argument says, and tells whether the kernel was asked for huge pages there (proc(5): `hg`). */
const mapper = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
int main(int argc, char **argv) {
  char line[512];
  size_t size = (size_t)atoi(argv[1]) << 20;
  int is_shared = !strcmp(argv[2], "shared"), is_reserved = !strcmp(argv[2], "reserved"), is_there = 0;
  int flags = MAP_ANONYMOUS | (is_shared ? MAP_SHARED : MAP_PRIVATE);
  char *at = mmap(NULL, size, is_reserved ? PROT_NONE : PROT_READ | PROT_WRITE, flags, -1, 0);
  if (at == MAP_FAILED) return 3;
  FILE *maps = fopen("/proc/self/smaps", "r");
  while (fgets(line, sizeof line, maps)) {
    unsigned long from, to;
    if (sscanf(line, "%lx-%lx ", &from, &to) == 2) is_there = from <= (unsigned long)at && (unsigned long)at < to;
    if (is_there && !strncmp(line, "VmFlags:", 8)) puts(strstr(line, " hg") ? "huge" : "plain");
  }
  return 0;
}`;

let parts: SharedParts;
let folder: string;

beforeAll(async () => {
  parts = await sharedParts();
  folder = mkdtempSync(join(tmpdir(), 'p2pcache-huge-'));
  writeFileSync(join(folder, 'mapper.c'), mapper);
  for (const name of ['cc1map', 'mapper'])
    execFileSync('cc', ['-o', join(folder, name), join(folder, 'mapper.c')]);
});

afterAll(() => {
  for (const each of [folder, parts.folder]) rmSync(each, { recursive: true, force: true });
});

test.skipIf(!hasHugePages).each([
  ['cc1map', '4', 'private', 'at a worker', 'huge'],
  ['cc1map', '4', 'private', 'at home', 'plain'],
  ['cc1map', '4', 'private', 'not observed', 'plain'],
  ['cc1map', '1', 'private', 'at a worker', 'plain'],
  ['cc1map', '4', 'shared', 'at a worker', 'plain'],
  ['cc1map', '4', 'reserved', 'at a worker', 'plain'],
  ['mapper', '4', 'private', 'at a worker', 'plain'],
])('%s: %s MiB of %s memory, %s: %s', (name, size, kind, where, expected) => {
  const log = join(folder, `log-${name}-${size}-${kind}-${where}`);
  makeObserverLog(log, folder);
  const env = {
    LD_PRELOAD: parts.observer,
    ...(where !== 'not observed' && { P2PCACHE_OBSERVE: log }),
    ...(where !== 'at home' && { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' }),
  };
  expect(execFileSync(join(folder, name), [size, kind], { cwd: folder, env }).toString()).toBe(
    `${expected}\n`,
  );
});
