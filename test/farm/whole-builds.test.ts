// Whole builds on virtual time: how long one takes beside the least that it could take, and how many jobs are moved about.
import { expect, test } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';
import { VirtualClient, type VirtualCompile, type VirtualTeam } from '../support/virtual-build.ts';

const builds = 12;
const compiles = 72;

test.each([
  { network: 'quick', tellMs: 5, toLeastMax: 1.165, movesMax: 4 },
  { network: 'slow', tellMs: 100, toLeastMax: 1.175, movesMax: 7 },
])(
  'six workers on a $network network keep busy, and few jobs are moved',
  async ({ tellMs, toLeastMax, movesMax }) => {
    const ends: Awaited<ReturnType<typeof buildTwice>> = [];
    for (let seed = 1; seed <= builds; seed++)
      ends.push(...(await buildTwice({ workers: 6, jobs: 12, tellMs, noise: 0.4, seed })));
    const mean = (of: (end: (typeof ends)[number]) => number) =>
      ends.reduce((sum, end) => sum + of(end), 0) / ends.length;
    expect(mean(({ toLeast }) => toLeast)).toBeLessThan(toLeastMax);
    expect(mean(({ moves }) => moves)).toBeLessThan(movesMax);
  },
);

/**
 * As the compiles of abseil on a quarter of a core: half of them take 2.5 s or more, one of ten 5.4 s, the longest 10 to 15 s, and
 * larger sources take longer, more or less.
 */
function compileOf(random: SeededRandom): VirtualCompile {
  const ms = 2_500 * Math.exp(0.6 * normal(random));
  return { ms, sizeBytes: 10 * ms * Math.exp(0.4 * normal(random)) };
}

/** Of a normal distribution, nearly. */
function normal(random: SeededRandom): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random.fraction();
  return sum;
}

/** Cold, when nobody knows how long anything takes, and again. */
async function buildTwice(team: VirtualTeam) {
  const random = new SeededRandom(team.seed);
  const all = Array.from({ length: compiles }, () => compileOf(random));
  const leastMs = all.reduce((sum, { ms }) => sum + ms, 0) / (team.workers + 1);
  const client = new VirtualClient(team);
  const ends = [await client.build(all), await client.build(all)];
  return ends.map(({ tookMs, moves }) => ({ toLeast: tookMs / leastMs, moves }));
}
