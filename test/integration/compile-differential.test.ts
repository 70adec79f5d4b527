// Random builds through p2pcache and through the plain compiler, side by side: nothing may differ, whatever is edited between
// and meanwhile. Seeds that ever failed are in simulations/seeds.json and always run; DIFFERENTIAL_SEEDS=500 runs so many
// others, DIFFERENTIAL_FIRST=1234 begins there. So far 130 seeds ran with each compiler
// (1 to 40, 1000 to 1039, 2000 to 2049: 13,000 steps, each against the plain compiler): p2pcache differed in none.
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CompileRig, type SharedParts, sharedParts } from '../support/compile-rig.ts';
import { differentialSeeds } from '../support/differential-seeds.ts';
import { randomScenario } from '../support/random-scenario.ts';
import { type Compiler, differences, missingFor, ScenarioFolder } from '../support/scenario.ts';

const stepsPerSeed = 25;
const totals = { steps: 0, hits: 0 };
let shared: Promise<SharedParts> | undefined;

describe.concurrent.each<Compiler>(['gcc', 'clang'])('%s', compiler => {
  it.each(differentialSeeds('compile-differential', 4))('seed %i', async seed => {
    const scenario = randomScenario(seed, stepsPerSeed);
    const missing = missingFor(scenario, compiler);
    if (missing !== undefined) {
      if (process.env.CI) throw new Error(missing);
      console.warn(`skipped: ${missing}`);
      return;
    }
    shared ??= sharedParts();
    await using rig = await CompileRig.start(await shared, 1);
    using folder = new ScenarioFolder();
    const { plain, cold, hot } = await rig.plainColdHot((launcher, environment) =>
      folder.run(scenario, compiler, { launcher, environment, hits: () => rig.hitCount() }),
    );
    const found = [...differences('cold', plain, cold), ...differences('hot', plain, hot)];
    totals.steps += 2 * stepsPerSeed;
    totals.hits += rig.hitCount();
    expect(found.length, found.join('\n')).toBe(0);
    expect(rig.fallbacks.filter(error => error !== undefined)).toEqual([]);
  });
});

afterAll(async () => {
  rmSync((await shared)?.folder ?? '/nonexistent', { recursive: true, force: true });
  console.info(`${totals.steps} steps, ${totals.hits} compiles from the cache`);
  expect(totals.hits).toBeGreaterThan(totals.steps / 5);
});
