// Building real projects with each rival: cold, again with everything cached, and in a second checkout; and whether what came out
// is what the plain compiler makes, byte for byte.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildFigures, type ProjectResult, type RivalResult, type SharedHits } from './build-figures.ts';
import { BuildFolder, differences, type Outcome } from './build-folder.ts';
import { type CompilerFamily, checkOut, type Project, projects } from './projects.ts';
import { report, say } from './report.ts';
import { type Rival, type RivalName, startRival } from './rivals.ts';
import { type Cost, cpuMs, medianCost } from './run.ts';

export interface BuildOptions {
  /** All where empty. */
  readonly projects: readonly string[];
  readonly families: readonly CompilerFamily[];
  readonly rivals: readonly RivalName[];
  readonly coldRounds: number;
  readonly hotRounds: number;
}

/** As many jobs as small machines have processors, and as many as large ones have. */
export const hotJobs = [2, 16] as const;
const coldJobs = 2;
/** Objects that one rival builds before it is the next one's turn. */
const coldPortion = 12;

/** Returns whether every bound was met, all projects taken together. */
export async function benchBuild(work: string, options: BuildOptions): Promise<boolean> {
  const chosen = projects.filter(
    ({ name }) => options.projects.length === 0 || options.projects.includes(name),
  );
  const results: ProjectResult[] = [];
  for (const project of chosen) {
    for (const family of options.families) {
      const result = await benchProject(join(work, `${project.name}-${family}`), project, family, options);
      report(`${project.name}, ${family}`, options.rivals, buildFigures([result]));
      results.push(result);
    }
  }
  const objectCount = results.reduce((sum, result) => sum + result.objectCount, 0);
  return report(`all, ${objectCount} objects`, options.rivals, buildFigures(results));
}

async function benchProject(
  folder: string,
  project: Project,
  family: CompilerFamily,
  options: BuildOptions,
): Promise<ProjectResult> {
  const roots = ['one', 'two'].map(name => join(folder, name)) as [string, string];
  const first = new BuildFolder(await checkOut(project, roots[0], family));
  const second = new BuildFolder(await checkOut(project, roots[1], family));
  say(`${project.name}, ${family}: ${first.objectCount} objects`);
  const running = new Map<RivalName, Rival>();
  try {
    const results = await benchCold(first, join(folder, 'caches'), running, options);
    await benchHot(first, [...running.values()], results, options);
    for (const rival of inOrder([...running.values()], 0)) await benchSecond(second, rival, results);
    const own = running.get('p2pcache');
    if (own !== undefined) {
      for (const root of roots) writeFileSync(join(root, 'p2pcache.toml'), 'prefix_maps = true\n');
      results.get('p2pcache')!.mapped = await benchShared(first, second, own);
    }
    return { objectCount: first.objectCount, results };
  } finally {
    for (const rival of running.values()) await rival.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Results = Map<RivalName, RivalResult>;

/**
 * Builds with empty caches; leaves the rivals of the last round running, their caches full. Portion by portion, each by one
 * rival after the other: a machine's speed varies more from minute to minute than these rivals differ.
 */
async function benchCold(
  folder: BuildFolder,
  caches: string,
  running: Map<RivalName, Rival>,
  { rivals, coldRounds }: BuildOptions,
): Promise<Results> {
  const rounds = new Map<RivalName, Cost[]>(rivals.map(name => [name, []]));
  const outcomes = new Map<RivalName, Outcome>(rivals.map(name => [name, new Map()]));
  for (let round = 0; round < coldRounds; round += 1) {
    for (const name of rivals) {
      await running.get(name)?.end();
      running.set(name, await startRival(name, caches));
    }
    const sums = new Map(rivals.map(name => [name, { wallMs: 0, cpuMs: 0 }]));
    for (const [at, portion] of folder.portions(coldPortion).entries()) {
      for (const name of inOrder(rivals, round + at)) {
        const rival = running.get(name)!;
        const cost = await portion.build(rival, coldJobs);
        outcomes.set(name, new Map([...outcomes.get(name)!, ...portion.outcome()]));
        const sum = sums.get(name)!;
        sum.wallMs += cost.wallMs;
        // What is stored after the compiler has been let go costs too.
        sum.cpuMs += cost.cpuMs + (await settle(rival));
      }
    }
    for (const [name, sum] of sums) rounds.get(name)!.push(sum);
    const walls = [...sums].map(([name, { wallMs }]) => `${name} ${(wallMs / 1000).toFixed(2)} s`);
    say(`cold: ${walls.join(', ')}`);
  }
  const plain = outcomes.get('plain')!;
  return new Map(
    rivals.map(name => [
      name,
      {
        cold: medianCost(rounds.get(name)!),
        hot: new Map(),
        differing: differences(plain, outcomes.get(name)!).length,
        plain,
        second: { hits: 0, of: 0 },
      },
    ]),
  );
}

/** Builds again and again with full caches; `plain` is a launcher that does nothing: the floor. */
async function benchHot(
  folder: BuildFolder,
  rivals: readonly Rival[],
  results: Results,
  { hotRounds }: BuildOptions,
): Promise<void> {
  for (const jobs of hotJobs) {
    const costs = new Map<RivalName, Cost[]>(rivals.map(({ name }) => [name, []]));
    for (let round = 0; round < hotRounds; round += 1) {
      for (const rival of inOrder(rivals, round)) {
        const isPlain = rival.name === 'plain';
        const before = await rival.hits();
        costs
          .get(rival.name)!
          .push(await folder.build(isPlain ? { ...rival, prefix: ['true'] } : rival, jobs));
        if (isPlain) continue;
        const result = results.get(rival.name)!;
        result.differing += differences(result.plain, folder.outcome()).length;
        await settle(rival);
        const missed = folder.objectCount - ((await rival.hits()).hits - before.hits);
        if (missed > 0) say(`${rival.name} missed ${missed} of ${folder.objectCount} at -j${jobs}`);
      }
    }
    for (const [name, each] of costs) results.get(name)!.hot.set(jobs, medianCost(each));
  }
}

/** Builds in another folder with the cache that was filled in the first; of the plain compiler, how many objects are the same there. */
async function benchSecond(folder: BuildFolder, rival: Rival, results: Results): Promise<void> {
  const result = results.get(rival.name)!;
  const hits = await hitsOf(rival, folder);
  const outcome = folder.outcome();
  const { objectCount } = folder;
  if (rival.name === 'plain') {
    result.second = { hits: objectCount - differingObjects(result.plain, outcome), of: objectCount };
    for (const each of results.values()) each.plain = outcome;
  } else {
    result.second = { hits, of: objectCount };
  }
  result.differing += differences(result.plain, outcome).length;
}

/** Builds; how many compiles the cache answered. */
async function hitsOf(rival: Rival, folder: BuildFolder): Promise<number> {
  const before = await rival.hits();
  await folder.build(rival, coldJobs);
  await settle(rival);
  return (await rival.hits()).hits - before.hits;
}

/** Builds in one folder, then in the other: how much of it is shared, and whether it is the same. */
async function benchShared(first: BuildFolder, second: BuildFolder, own: Rival): Promise<SharedHits> {
  await first.build(own, coldJobs);
  const objects = first.outcome();
  await settle(own);
  const hits = await hitsOf(own, second);
  return { hits, of: second.objectCount, differing: differingObjects(objects, second.outcome()) };
}

function differingObjects(a: Outcome, b: Outcome): number {
  return differences(a, b).filter(path => path.endsWith('.o')).length;
}

/** Waits until the rival's daemon rests; resolves with the processor time that it took for that. */
async function settle({ daemonPid }: Rival): Promise<number> {
  const start = cpuMs(daemonPid, 'own');
  for (let before = -1, now = start; now > before; ) {
    await sleep(daemonPid === undefined ? 0 : 150);
    before = now;
    now = cpuMs(daemonPid, 'own');
  }
  return cpuMs(daemonPid, 'own') - start;
}

/** Each round begins with another one, so that no rival always runs after the same one. */
function inOrder<T>(all: readonly T[], round: number): T[] {
  const start = round % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
}
