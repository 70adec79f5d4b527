// Whole builds on virtual time: how long one takes beside the least that it could take, and how many jobs are moved about.
import { expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { VirtualClient, type VirtualTeam } from '../support/virtual-build.ts';

const builds = 12;
const compiles = 72;

test.each([
  { network: 'quick', tellMs: 5, movesMax: 7 },
  { network: 'slow', tellMs: 100, movesMax: 14 },
])('six workers on a $network network keep busy, and few jobs are moved', async ({ tellMs, movesMax }) => {
  const ends: Awaited<ReturnType<typeof buildTwice>> = [];
  for (let seed = 1; seed <= builds; seed++)
    ends.push(...(await buildTwice({ workers: 6, jobs: 12, tellMs, noise: 0.4, seed })));
  const mean = (of: (end: (typeof ends)[number]) => number) =>
    ends.reduce((sum, end) => sum + of(end), 0) / ends.length;
  expect(mean(({ toLeast }) => toLeast)).toBeLessThan(1.2);
  expect(mean(({ moves }) => moves)).toBeLessThan(movesMax);
});

/** Cold, when nobody knows how long anything takes, and again. */
async function buildTwice(team: VirtualTeam) {
  const random = new SeededRandom(team.seed);
  const durationsMs = Array.from({ length: compiles }, () => 500 + 5_000 * random.fraction() ** 2);
  const leastMs = durationsMs.reduce((sum, ms) => sum + ms, 0) / (team.workers + 1);
  const client = new VirtualClient(team);
  const ends = [await client.build(durationsMs), await client.build(durationsMs)];
  return ends.map(({ tookMs, moves }) => ({ toLeast: tookMs / leastMs, moves }));
}
