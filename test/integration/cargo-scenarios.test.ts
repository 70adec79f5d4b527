// "Never wrong" for Rust: every project with plain cargo, cold and hot. Nothing may differ: exit codes, streams, every file
// of the target folder; and the hot run must take every crate from the cache, or say why it does not.
//
// RIVAL=sccache runs the same table through sccache instead and prints what it changes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CargoFolder, type CargoScenario, hasCargo } from '../support/cargo-folder.ts';
import { CompileRig, type SharedParts, sharedParts } from '../support/compile-rig.ts';
import { cargoScenarios } from './scenarios/cargo.ts';

const rival = process.env.RIVAL;
const totals = { cached: 0, changed: [] as string[] };
let shared: Promise<SharedParts> | undefined;
/** Cargo asks the compiler for its version and its configuration: nothing is compiled. */
const questions = new Set(['prints-information', 'standard-input']);

describe.skipIf(!hasCargo())('cargo', () => {
  it.each(cargoScenarios.map(scenario => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    if (scenario.needs !== undefined && spawnSync('/bin/sh', ['-c', scenario.needs]).status !== 0) {
      console.warn(`skipped: ${scenario.name}: needs: ${scenario.needs}`);
      return;
    }
    await (rival === undefined ? checkOwn(scenario) : checkRival(scenario));
  });
});

afterAll(async () => {
  rmSync((await shared)?.folder ?? '/nonexistent', { recursive: true, force: true });
  if (rival === undefined) console.info(`p2pcache: ${totals.cached} calls of the hot runs cached`);
  else console.info(`${rival} changed ${totals.changed.length}:\n  ${totals.changed.join('\n  ')}`);
});

async function checkOwn(scenario: CargoScenario): Promise<void> {
  shared ??= sharedParts();
  await using rig = await CompileRig.start(await shared);
  using folder = new CargoFolder();
  const { plain, cold, hot, before, after } = await rig.plainColdHot((launcher, environment) =>
    folder.run(scenario, launcher, environment),
  );
  expect(cold).toEqual(plain);
  expect(hot).toEqual(plain);
  expect(rig.fallbacks).toEqual([]);
  const uncached = Object.entries(after.uncached)
    .map(([reason, count]) => [reason, count - (before.uncached[reason] ?? 0)] as const)
    .filter(([reason, count]) => count > 0 && !questions.has(reason));
  const misses = after.misses - before.misses;
  expect({ misses, uncached: Object.fromEntries(uncached) }).toEqual({
    misses: 0,
    uncached: scenario.uncached ?? {},
  });
  const hits = (counts: typeof after) => counts.hits.memory + counts.hits.disk;
  totals.cached += hits(after) - hits(before);
}

async function checkRival(scenario: CargoScenario): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'p2pcache-rival-'));
  const environment = { SCCACHE_DIR: home, SCCACHE_SERVER_UDS: join(home, 'socket') };
  using folder = new CargoFolder();
  try {
    const plain = await folder.run(scenario, '', {});
    const cold = await folder.run(scenario, rival!, environment);
    const hot = await folder.run(scenario, rival!, environment);
    if (JSON.stringify([cold, hot]) !== JSON.stringify([plain, plain])) totals.changed.push(scenario.name);
  } finally {
    spawnSync(rival!, ['--stop-server'], { env: { ...process.env, ...environment } });
    rmSync(home, { recursive: true, force: true });
  }
}
