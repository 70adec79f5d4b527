// "Never wrong", measured: every scenario with gcc and with clang, plain, cached cold and cached hot. Nothing may differ,
// and the hot run must be answered from the cache wherever the table says so.
//
// RIVAL=ccache runs the same table through ccache instead and prints what it changes and caches.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CompileRig, type SharedParts, sharedParts } from '../support/compile-rig.ts';
import {
  type Compiler,
  callsOf,
  differences,
  expectedHits,
  type Front,
  missingFor,
  plainFront,
  type Scenario,
  ScenarioFolder,
} from '../support/scenario.ts';
import { scenarios } from './scenarios/all.ts';

const rival = process.env.RIVAL;
/** Some hang in others' caches, and end only with their step's time. */
const timeoutMs = rival === undefined ? 120_000 : 900_000;
/** What a scenario says of p2pcache's own settings says nothing of other caches: it does not count. */
const isCounted = ({ steps }: Scenario) => !steps.join().includes('P2PCACHE_');
const totals = { calls: 0, cached: 0, changed: [] as string[] };
let shared: Promise<SharedParts> | undefined;

describe.concurrent.each<Compiler>(['gcc', 'clang'])('%s', compiler => {
  it.each(scenarios.map(scenario => [scenario.name, scenario] as const))(
    '%s',
    async (_, scenario) => {
      const missing = missingFor(scenario, compiler);
      if (missing?.endsWith('is not installed') && process.env.CI) throw new Error(missing);
      if (missing !== undefined) {
        if (!missing.startsWith('only')) console.warn(`skipped: ${compiler}: ${scenario.name}: ${missing}`);
        return;
      }
      await (rival === undefined ? checkOwn(scenario, compiler) : checkRival(scenario, compiler));
    },
    timeoutMs,
  );
});

afterAll(async () => {
  rmSync((await shared)?.folder ?? '/nonexistent', { recursive: true, force: true });
  console.info(`${rival ?? 'p2pcache'}: ${totals.cached} of ${totals.calls} calls of the hot runs cached`);
  if (rival !== undefined)
    console.info(`changed ${totals.changed.length}:\n  ${totals.changed.join('\n  ')}`);
});

function count(scenario: Scenario, hits: number): void {
  if (!isCounted(scenario)) return;
  totals.calls += callsOf(scenario);
  totals.cached += hits;
}

async function checkOwn(scenario: Scenario, compiler: Compiler): Promise<void> {
  shared ??= sharedParts();
  await using rig = await CompileRig.start(await shared);
  using folder = new ScenarioFolder();
  const front: Front = {
    launcher: rig.launcher,
    environment: { P2PCACHE_HOME: rig.home, P2PCACHE_SHIMS: join(dirname(rig.launcher), 'shims') },
    hits: () => rig.hitCount(),
  };
  const plain = await folder.run(scenario, compiler, plainFront);
  const cold = await folder.run(scenario, compiler, front);
  const before = front.hits();
  const hot = await folder.run(scenario, compiler, front);
  const hits = front.hits() - before;
  count(scenario, hits);
  const found = [...differences('cold', plain, cold), ...differences('hot', plain, hot)];
  expect(found.length, found.join('\n')).toBe(0);
  expect(rig.fallbacks.filter(error => error !== undefined)).toEqual([]);
  const { uncached, fallbacks } = await rig.counts();
  expect(hits, JSON.stringify({ uncached, fallbacks })).toBe(expectedHits(scenario, compiler));
}

async function checkRival(scenario: Scenario, compiler: Compiler): Promise<void> {
  using folder = new ScenarioFolder();
  const home = mkdtempSync(join(tmpdir(), 'p2pcache-rival-'));
  const front: Front = {
    launcher: rival!,
    environment: { CCACHE_DIR: home },
    hits: () => {
      const { stdout } = spawnSync('ccache', ['--print-stats'], {
        env: { ...process.env, CCACHE_DIR: home },
      });
      return [...`${stdout}`.matchAll(/^(?:direct|preprocessed)_cache_hit\t(\d+)/gm)].reduce(
        (sum, m) => sum + Number(m[1]),
        0,
      );
    },
  };
  try {
    const plain = await folder.run(scenario, compiler, plainFront);
    const cold = await folder.run(scenario, compiler, front);
    const before = front.hits();
    const hot = await folder.run(scenario, compiler, front);
    const hits = front.hits() - before;
    count(scenario, hits);
    if (JSON.stringify([cold, hot]) !== JSON.stringify([plain, plain]))
      totals.changed.push(`${compiler}: ${scenario.name}`);
    const own = expectedHits(scenario, compiler);
    if (hits > own) console.info(`${rival} caches more: ${compiler}: ${scenario.name}: ${hits}, here ${own}`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
