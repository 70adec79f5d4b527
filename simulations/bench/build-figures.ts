// The figures of builds, their bounds, and how those of several projects are taken together: times are added up.
import type { Outcome } from './build-folder.ts';
import { type Figure, ratioFigure } from './report.ts';
import type { RivalName } from './rivals.ts';
import type { Cost } from './run.ts';

export interface RivalResult {
  readonly cold: Cost;
  /** By the number of jobs; for `plain`, with a launcher that does nothing. */
  readonly hot: Map<number, Cost>;
  /** Files that were not as the plain compiler makes them, over all builds. */
  differing: number;
  /** What the plain compiler makes in the folder that is built in. */
  plain: Outcome;
  /** Of the plain compiler: objects that are the same in the second checkout. */
  second: { readonly hits: number; readonly of: number };
  /** A second checkout where both are built with prefix maps. */
  mapped?: SharedHits;
}

export interface SharedHits {
  readonly hits: number;
  readonly of: number;
  /** Objects that are not the same in both checkouts. */
  readonly differing: number;
}

export interface ProjectResult {
  readonly objectCount: number;
  readonly results: ReadonlyMap<RivalName, RivalResult>;
}

const coldToPlainMax = 1.03;
const coldToCcacheMax = 1;
const hotToCcacheMax = 0.5;
const secondHitRateMin = 0.99;

export function buildFigures(projects: readonly ProjectResult[]): Figure[] {
  const names = [...projects[0]!.results.keys()];
  const sum = (of: (result: RivalResult) => number) =>
    Object.fromEntries(
      names.map(name => [name, projects.reduce((total, { results }) => total + of(results.get(name)!), 0)]),
    ) as Partial<Record<RivalName, number>>;
  const cold = sum(({ cold }) => cold.wallMs);
  const figures = [
    ratioFigure('cold -j2, wall', cold, 'plain', coldToPlainMax),
    { ...ratioFigure('cold -j2, wall', cold, 'ccache', coldToCcacheMax), byRival: {} },
    ratioFigure(
      'cold -j2, CPU',
      sum(({ cold }) => cold.cpuMs),
      'plain',
    ),
  ];
  for (const jobs of projects[0]!.results.get('plain')!.hot.keys()) {
    const hot = (part: keyof Cost) => sum(result => result.hot.get(jobs)![part]);
    figures.push(
      ratioFigure(`all hits -j${jobs}, wall (plain: floor)`, hot('wallMs'), 'ccache', hotToCcacheMax),
      ratioFigure(`all hits -j${jobs}, CPU`, hot('cpuMs'), 'ccache', hotToCcacheMax),
    );
  }
  figures.push(secondFigure(sum), ...mappedFigures(projects), differingFigure(sum));
  return figures;
}

type Sum = (of: (result: RivalResult) => number) => Partial<Record<RivalName, number>>;

/** What holds the name of its folder cannot be shared: hits are counted against objects that are the same in both checkouts. */
function secondFigure(sum: Sum): Figure {
  const hits = sum(({ second }) => second.hits);
  const of = sum(({ second }) => second.of);
  const name = 'hits in a second checkout (plain: same objects)';
  const byRival = mapValues(hits, (count, rival) => `${count} of ${of[rival]}`);
  const { p2pcache: own, plain: same } = hits;
  if (own === undefined || same === undefined) return { name, byRival };
  return {
    name,
    byRival,
    measured: `${own} of ${same}`,
    bound: `≥ ${100 * secondHitRateMin} %`,
    isMet: own >= secondHitRateMin * same,
  };
}

function mappedFigures(projects: readonly ProjectResult[]): Figure[] {
  const all = projects.flatMap(({ results }) => results.get('p2pcache')?.mapped ?? []);
  if (all.length === 0) return [];
  const sum = (part: keyof SharedHits) => all.reduce((total, mapped) => total + mapped[part], 0);
  const [hits, of, differing] = [sum('hits'), sum('of'), sum('differing')];
  const name = 'hits in a second checkout, prefix_maps';
  const isMet = hits >= secondHitRateMin * of && differing === 0;
  const measured = `${((100 * hits) / of).toFixed(1)} %, ${differing} differ`;
  const byRival = { p2pcache: `${hits} of ${of}` };
  return [{ name, byRival, measured, bound: `≥ ${100 * secondHitRateMin} %, 0`, isMet }];
}

function differingFigure(sum: Sum): Figure {
  const differing = sum(result => result.differing);
  const name = 'files unlike plain';
  const byRival = mapValues(differing, String);
  const own = differing.p2pcache;
  if (own === undefined) return { name, byRival };
  return { name, byRival, measured: String(own), bound: '0', isMet: own === 0 };
}

function mapValues(
  values: Partial<Record<RivalName, number>>,
  format: (value: number, rival: RivalName) => string,
): Partial<Record<RivalName, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([rival, value]) => [rival, format(value, rival as RivalName)]),
  );
}
