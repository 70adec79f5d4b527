// One local hit: the same C++ file with some 300 headers, again and again, through each rival's launcher.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, ratioFigure, report, say } from './report.ts';
import { type Rival, type RivalName, startRival } from './rivals.ts';
import { type Cost, costOf, medianCost, runOk } from './run.ts';

/** At most this share of ccache's time, on the wall. */
const wallRatioMax = 0.35;
const roundCount = 7;
const hitsPerRound = 300;

const source = `#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <thread>
#include <unordered_map>
int main() { std::map<int, int> counts; std::cout << counts.size(); }
`;
const compile = ['g++', '-O2', '-c', 'one.cc', '-o', 'one.o', '-MD', '-MF', 'one.d'];

/** Returns whether every bound was met. */
export async function benchHit(work: string, all: readonly RivalName[]): Promise<boolean> {
  const names = all.filter(name => name !== 'plain');
  const folder = writeSource(work);
  const rivals: Rival[] = [];
  try {
    for (const name of names) rivals.push(await startRival(name, join(work, 'caches')));
    const costs = await measureHits(rivals, folder, roundCount);
    const floor = medianCost(costs.at(-1)!);
    const figures = (['wallMs', 'cpuMs'] as const).map((part): Figure => {
      const ms = Object.fromEntries(names.map((name, i) => [name, medianCost(costs[i]!)[part]]));
      const isWall = part === 'wallMs';
      const name = isWall ? 'one local hit, wall' : 'one local hit, CPU with daemon';
      const figure = ratioFigure(name, ms, 'ccache', isWall ? wallRatioMax : undefined);
      return { ...figure, byRival: { ...figure.byRival, plain: `${floor[part].toFixed(2)} ms` } };
    });
    const headers = readFileSync(join(folder, 'one.d'), 'utf8').split('/usr/').length;
    say(`${headers} headers; "plain" is a program that does nothing: the floor of starting one`);
    return report('hit', ['plain', ...names], figures);
  } finally {
    for (const rival of rivals) await rival.end();
  }
}

/** Costs of one hit, one for each round, of each rival in order and then of a program that does nothing; rounds are interleaved. */
export async function measureHits(
  rivals: readonly Rival[],
  folder: string,
  rounds: number,
): Promise<Cost[][]> {
  const contestants = [
    ...rivals.map(({ prefix, env, daemonPid }) => ({ argv: [...prefix, ...compile], env, daemonPid })),
    { argv: ['/bin/true'], env: {}, daemonPid: undefined },
  ];
  const costs: Cost[][] = contestants.map(() => []);
  for (const rival of rivals) await fill(rival, folder);
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, { argv, env, daemonPid }] of contestants.entries()) {
      // One shell starts them all, so that starting processes from here is not part of what is measured.
      const loop = `i=0; while [ $i -lt ${hitsPerRound} ]; do "$@"; i=$((i+1)); done`;
      const cost = await costOf(['sh', '-c', loop, 'sh', ...argv], { cwd: folder, env }, daemonPid);
      costs[i]!.push({ wallMs: cost.wallMs / hitsPerRound, cpuMs: cost.cpuMs / hitsPerRound });
    }
  }
  for (const rival of rivals) {
    const { hits } = await rival.hits();
    if (hits < rounds * hitsPerRound) throw new Error(`${rival.name} hit only ${hits} times`);
  }
  return costs;
}

/** Compiles once to fill the cache, and once to see that it answers. */
async function fill(rival: Rival, folder: string): Promise<void> {
  const { prefix, env } = rival;
  const before = (await rival.hits()).hits;
  for (let attempt = 0; attempt < 50; attempt += 1) {
    await runOk([...prefix, ...compile], { cwd: folder, env });
    if ((await rival.hits()).hits > before) return;
    await sleep(50); // some store after the compiler has been let go
  }
  throw new Error(`${prefix[0]} does not cache the compile`);
}

/** Writes the source and returns its folder. */
export function writeSource(work: string): string {
  const folder = join(work, 'source');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'one.cc'), source);
  return folder;
}
