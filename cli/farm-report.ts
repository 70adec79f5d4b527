// How the commands show the farm's figures.
import type { FarmView } from '../src/control-farm.ts';
import { bold, formatDuration, table } from './output.ts';

/** What the names of reasons mean: why a compile ran here, or why a job came back. */
const meanings: Readonly<Record<string, string>> = {
  'faster-here': 'this machine was predicted to finish first',
  'no-worker': 'no teammate lent its machine',
  'no-toolchain': 'the compiler could not be captured (p2pcache doctor farm)',
  'native-cpu': '-march=native means this processor',
  'response-file': 'an argument that begins with @',
  'guess-failed': 'a worker lacked files that could not be guessed',
  'other-inputs': 'the worker’s files were not the ones here',
  'inputs-outside': 'the compiler looked at what the worker was not told of',
  'compile-failed': 'the compiler ended with an error; here it says so itself',
  'special-output': 'the job left something that is no plain file',
  'tree-lost': 'the worker had lost its copy of the files here',
  'not-lending': 'the worker had stopped lending',
  links: 'a program, a build script or a procedural macro: the linker is here',
  'private-variable': 'a crate asks for a variable that is a secret, by its name or a password in it',
  'macro-environment': 'a procedural macro may read the whole environment',
  locale: 'messages in another language than English',
  raced: 'it took far longer than usual: another worker got it as well',
  'raced-here': 'this machine had nothing else to do, and was predicted to be done with it first',
  moved: 'another place became free',
  gone: 'the worker was gone, or silent',
  busy: 'the worker was full, or its owner needed it',
  role: 'this member may not submit jobs there',
  limit: 'the job broke a limit of the sandbox',
  sandbox: 'the worker’s sandbox did not start',
  failed: 'the worker could not run it (its disk may be full)',
  cancelled: 'the build did not wait for it',
};

/** Counted reasons with what they mean, the most frequent first. */
export function reasonRows(counts: Readonly<Record<string, number>>): string[][] {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return sorted.map(([reason, count]) => [`  ${reason}`, String(count), meanings[reason] ?? '']);
}

/** The last build in words, or undefined where there was none. */
export function lastBuildText({ lastBuild }: FarmView): string | undefined {
  if (lastBuild === null || lastBuild.wallMs <= 0) return undefined;
  const { jobs, workMs, wallMs } = lastBuild;
  const factor = bold(`${(workMs / wallMs).toFixed(1)}×`);
  return `${jobs} compiles, ${formatDuration(workMs)} of work in ${formatDuration(wallMs)}: ${factor}`;
}

/** Reasons under a heading; nothing where there are none. */
export function reasonSection(heading: string, counts: Readonly<Record<string, number>>): string[] {
  const rows = reasonRows(counts);
  return rows.length === 0 ? [] : ['', heading, table(rows)];
}
