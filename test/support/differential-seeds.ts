// Which seeds a differential test runs: those that ever failed, and a few others, more where the environment asks for it.
import { readFileSync } from 'node:fs';

/** DIFFERENTIAL_SEEDS is how many others (by default `count`), DIFFERENTIAL_FIRST where they begin. */
export function differentialSeeds(test: string, count: number): number[] {
  const kept = JSON.parse(readFileSync('simulations/seeds.json', 'utf8'))[test] as number[];
  const first = Number(process.env.DIFFERENTIAL_FIRST ?? 1);
  const others = Array.from({ length: Number(process.env.DIFFERENTIAL_SEEDS ?? count) }, (_, i) => first + i);
  return [...new Set([...kept, ...others])];
}
