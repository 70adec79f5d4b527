// `p2pcache why`: why a compile was a hit, had to run, or was not cached, and what became different.
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { WhyAnswer, WhyOutcome } from '../../src/control-cache.ts';
import { ask } from '../daemon.ts';
import { bold, formatDuration, print, printJson } from '../output.ts';

export const command = new Command()
  .argument('<what...>', 'an object file, a source, or a whole compile command')
  .option('--json', 'print JSON')
  .passThroughOptions()
  .addHelpText(
    'after',
    `
For a file: what became of its latest compile on this machine, and what it would get now. Where it had to run, it is compared
with the nearest earlier compile of the same source, here or at a teammate's, and the first difference is named:

  header config.h differs                      a file that it reads
  flag -O2 became -O3
  the compiler differs: /usr/bin/gcc is another build
  environment CPATH differs: unset became "/opt/inc"
  header x.h is now found earlier: a/x.h       a new file stands before the one that was found
  never compiled here before
  not cached: reads-the-time (…)               the reasons that "p2pcache stats" counts
  the result holds its folder                  with prefix_maps = true in p2pcache.toml it would not

For a command, what it would get now; nothing is run. Every input of a compile, to compare with diff: P2PCACHE_DEBUG=<file>.

Examples:
  p2pcache why build/main.o
  p2pcache why src/main.c
  p2pcache why gcc -O2 -Iinc -c src/main.c -o build/main.o
  p2pcache why --json build/main.o | jq -r '.last.differences[].text'`,
  )
  .action(async (words: string[], options: { json?: boolean }) => {
    // after a path, too; within a command it would be the compiler's
    const isLast = words.length === 2 && words[1] === '--json';
    const json = options.json || isLast;
    const what = isLast ? words.slice(0, 1) : words;
    const [first = '', ...rest] = what;
    const environment = process.env as Record<string, string>;
    const answer = await ask(
      'why',
      rest.length === 0
        ? { path: resolve(first) }
        : { command: { argv: what, cwd: process.cwd(), environment } },
    );
    if (json) printJson(answer);
    else for (const line of describe(answer, rest.length === 0 ? first : 'this command')) print(line);
  });

function* describe(answer: WhyAnswer, subject: string): Generator<string> {
  const { last, now } = answer;
  if (last === null && now === null) {
    yield `${bold(subject)}: never compiled here`;
    yield '  known are files that were compiled through p2pcache: is it in front of the compiler? See: p2pcache help env';
    return;
  }
  if (last !== null) {
    yield `${bold(subject)}: ${describeOutcome(last)}`;
    yield* details(last);
  }
  if (now === null) return;
  const isSame = last !== null && last.outcome === now.outcome && last.text === now.text;
  if (isSame || (last !== null && last.outcome !== 'uncached' && now.outcome === 'hit')) return;
  yield `${last === null ? bold(subject) : 'now'}: ${describeOutcome(now)}`;
  yield* details(now);
}

function describeOutcome({ outcome, text, atMs, differences }: WhyOutcome): string {
  const when = atMs === null ? '' : `, ${formatDuration(Math.max(0, Date.now() - atMs))} ago`;
  const ran = atMs === null ? 'would have to run' : 'had to run';
  const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : '';
  return outcome === 'miss' ? `${ran}${when}: ${text}${more}` : `${text}${when}`;
}

function* details({ nearest, differences, hint }: WhyOutcome): Generator<string> {
  if (nearest !== null) {
    const whose = nearest.member === null ? 'your own' : `${nearest.member}'s`;
    const when = formatDuration(Math.max(0, Date.now() - nearest.atMs));
    yield `  compared with ${whose} compile of ${nearest.output}, ${when} ago`;
  }
  for (const { text } of differences.slice(1)) yield `  ${text}`;
  if (hint !== null) yield `  ${hint}`;
}
