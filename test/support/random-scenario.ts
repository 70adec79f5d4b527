// Scenarios made from a seed: a small project that is edited and compiled again and again with other options and variables,
// from other folders and in a second checkout, at times by two compilers at once or while a header is edited.
import { randomCompile } from './random-command.ts';
import { firstStep, randomEdit, randomFiles } from './random-project.ts';
import type { Scenario } from './scenario.ts';
import { SeededRandom } from './seeded-random.ts';

/** A scenario of `stepCount` lines, and one before them; equal seeds make equal ones. */
export function randomScenario(seed: number, stepCount: number): Scenario {
  const random = new SeededRandom(seed);
  const files = randomFiles(random);
  const steps = [firstStep, ...Array.from({ length: stepCount }, () => randomStep(random))];
  // gcc makes up names of temporary files, wherever TMPDIR puts them
  return { name: `seed ${seed}`, files, steps, changing: /\.gch$/, changingText: /\/cc\w{6}\.\w+/g };
}

function randomStep(random: SeededRandom): string {
  const chance = random.below(100);
  if (chance < 45) return randomCompile(random);
  if (chance < 80) return `${randomEdit(random)}; ${randomCompile(random)}`;
  if (chance < 88) {
    const streams = (name: string) => `> ${name}.out 2> ${name}.err`;
    const both = ['one', 'two'].map(stem => `${randomCompile(random, stem)} ${streams(stem)} &`);
    return `${both.join(' ')} wait; cat one.out two.out; cat one.err two.err >&2; rm -f one.out two.out one.err two.err`;
  }
  // what this compile sees is chance; what is remembered of it must not be
  if (chance < 93)
    return `{ ${randomCompile(random, 'one')} & ${randomEdit(random)}; wait; } > /dev/null 2>&1; rm -f one*; true`;
  return `${randomEdit(random)}; ${randomEdit(random)}`;
}
