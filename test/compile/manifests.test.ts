// Manifests: which sets of inputs are known for a key, and in what order they are tried.
import { expect, test } from 'vitest';
import type { InputSet } from '../../src/compile/input-manifest.ts';
import { Manifests } from '../../src/compile/manifests.ts';
import { digestOf } from '../../src/digest.ts';
import { Stats } from '../../src/stats.ts';
import { memoryPipeline } from '../support/compile-rig.ts';

const key = digestOf('a command');
const setOf = (...reads: string[]): InputSet => ({
  ...{ reads, missing: [], exists: [], listed: [], resolved: [], environment: [] },
});

test('the set of the latest run is tried first; one that is first already is not stored again', async () => {
  const stats = new Stats(0);
  const pipeline = memoryPipeline(stats, error => expect.unreachable(String(error)));
  const manifests = new Manifests(pipeline);
  await manifests.keep(key, setOf('a.h'));
  await manifests.keep(key, setOf('b.h'));
  expect(await manifests.setsOf(key)).toEqual([setOf('b.h'), setOf('a.h')]);
  const { stored } = stats.snapshot().bytes;
  await manifests.keep(key, setOf('b.h'));
  expect(stats.snapshot().bytes.stored).toBe(stored);
  await manifests.keep(key, setOf('a.h'));
  expect(await new Manifests(pipeline).setsOf(key)).toEqual([setOf('a.h'), setOf('b.h')]);
});

test('sets that name the same paths in other lists are not the same', async () => {
  const manifests = new Manifests(memoryPipeline(new Stats(0), error => expect.unreachable(String(error))));
  const looked: InputSet = { ...setOf(), missing: ['a.h'] };
  await manifests.keep(key, setOf('a.h'));
  await manifests.keep(key, looked);
  expect(await manifests.setsOf(key)).toEqual([looked, setOf('a.h')]);
});
