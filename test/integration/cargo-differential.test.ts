// Random cargo workspaces through p2pcache and through the plain compiler, side by side: nothing may differ, whatever is edited
// between the builds. Seeds that ever failed are in simulations/seeds.json and always run; DIFFERENTIAL_SEEDS=50 runs so many
// others, DIFFERENTIAL_FIRST=1234 begins there.
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { CargoFolder, hasCargo } from '../support/cargo-folder.ts';
import { CompileRig, type SharedParts, sharedParts } from '../support/compile-rig.ts';
import { differentialSeeds } from '../support/differential-seeds.ts';
import { randomCargo } from '../support/random-cargo.ts';
import { differences } from '../support/scenario.ts';

const stepsPerSeed = 8;
const totals = { steps: 0, hits: 0 };
let shared: Promise<SharedParts> | undefined;

describe.skipIf(!hasCargo()).concurrent('cargo', () => {
  it.each(differentialSeeds('cargo-differential', 1))('seed %i', async seed => {
    const scenario = randomCargo(seed, stepsPerSeed);
    shared ??= sharedParts();
    await using rig = await CompileRig.start(await shared, 1);
    using folder = new CargoFolder();
    const { plain, cold, hot } = await rig.plainColdHot((launcher, environment) =>
      folder.run(scenario, launcher, environment),
    );
    totals.steps += 2 * stepsPerSeed;
    totals.hits += rig.hitCount();
    const found = [...differences('cold', plain, cold), ...differences('hot', plain, hot)];
    expect(found.length, found.join('\n')).toBe(0);
    expect(rig.fallbacks).toEqual([]);
  });
});

afterAll(async () => {
  if (shared === undefined) return;
  rmSync((await shared).folder, { recursive: true, force: true });
  console.info(`${totals.steps} builds, ${totals.hits} crates from the cache`);
  expect(totals.hits).toBeGreaterThan(totals.steps / 2);
});
