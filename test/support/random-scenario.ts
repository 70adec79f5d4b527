// Scenarios made from a seed: a small project whose headers move, hide one another and change, compiled again and again with
// other options and variables, at times by two compilers at once or while a header is edited.
import type { Scenario } from './scenario.ts';
import { SeededRandom } from './seeded-random.ts';

const folders = ['src', 'i0', 'i1', 'i2/deep'];
const headers = ['a.h', 'b.h', 'c.h', 'd.h'];
const sources = ['src/p.c', 'src/q.c', 'r.cc'];
const outputs = ['out/p.o', 'out/q.o', 'p.o', 'q.o', 'r.o', 'out/x'];

/** A scenario of `stepCount` lines; equal seeds make equal ones. */
export function randomScenario(seed: number, stepCount: number): Scenario {
  const random = new SeededRandom(seed);
  const files: Record<string, string> = { 'out/.keep': '', 'i1/.keep': '', 'i2/deep/.keep': '' };
  for (const header of headers) files[`${random.pick(folders)}/${header}`] = headerText(random, header);
  for (const source of sources) files[source] = sourceText(random);
  const steps = Array.from({ length: stepCount }, () => step(random));
  return { name: `seed ${seed}`, files, steps };
}

function step(random: SeededRandom): string {
  const chance = random.below(100);
  if (chance < 45) return compile(random);
  if (chance < 80) return `${edit(random)}; ${compile(random)}`;
  if (chance < 88) {
    const streams = (name: string) => `> ${name}.out 2> ${name}.err`;
    const both = ['one', 'two'].map(stem => `${compile(random, stem)} ${streams(stem)} &`);
    return `${both.join(' ')} wait; cat one.out two.out; cat one.err two.err >&2`;
  }
  // what this compile sees is chance; what is remembered of it must not be
  if (chance < 93)
    return `{ ${compile(random, 'one')} & ${edit(random)}; wait; } > /dev/null 2>&1; rm -f one*; true`;
  return `${edit(random)}; ${edit(random)}`;
}

function compile(random: SeededRandom, stem?: string): string {
  const source = random.pick(sources);
  const searched = random.shuffled(['-Ii0', '-Ii1', '-isystem i2/deep', '-Igone', '-Isrc']);
  const args = random.below(4) > 0 ? searched : searched.slice(0, 1 + random.below(4));
  const maybe = (percent: number, ...options: string[]) => {
    if (random.below(100) < percent) args.push(random.pick(options));
  };
  maybe(50, '-O0', '-O1', '-O2');
  maybe(30, '-g', '-g3', '-g -gz', '-g -ffile-prefix-map=$PWD=.');
  maybe(30, '-Wall', '-Wall -Wextra', '-Wall -Werror', '-w');
  maybe(40, '-DV=1', '-DV=2', '-D V=3 -UV', '-DW="x y"'.replace('"x y"', "'x y'"));
  maybe(20, '-include a.h', '-include d.h', '-imacros b.h');
  maybe(20, '-fverbose-asm', '-frecord-gcc-switches', '-H');
  // those that name files after the source would meet in one file
  if (stem === undefined) maybe(20, '-fstack-usage', '-save-temps', '-MD -MF dep -MT t', '-Wp,-MMD,dep');
  maybe(10, '-fsyntax-only', '-nostdinc', '-std=c99', '-fdiagnostics-color=always');
  const output = stem === undefined ? random.pick([...outputs, undefined, undefined]) : `${stem}.o`;
  if (output !== undefined) args.push(random.below(3) === 0 ? `-o${output}` : `-o ${output}`);
  maybe(50, '-MD', '-MMD', '-MMD -MP');
  const path = random.below(4) === 0 ? `$PWD/${source}` : source;
  const driver = source.endsWith('.cc') ? '$CXX' : '$CC';
  const mode = random.below(5) === 0 && stem === undefined ? '-S' : '-c';
  return `${variables(random)}${driver} ${random.shuffled([...args, mode, path]).join(' ')}`;
}

function variables(random: SeededRandom): string {
  if (random.below(4) > 0) return '';
  const value = random.pick([
    'CPATH=i1',
    'CPATH=i0:i1',
    'C_INCLUDE_PATH=i2/deep',
    'CPLUS_INCLUDE_PATH=i1',
    'LC_ALL=C.UTF-8',
    'SOURCE_DATE_EPOCH=1',
    'GCC_COLORS=warning=01',
    'TMPDIR=$PWD/out',
    'TMPDIR=gone',
  ]);
  return `${value} `;
}

function edit(random: SeededRandom): string {
  const header = random.pick(headers);
  const from = `${random.pick(folders)}/${header}`;
  const to = `${random.pick(folders)}/${random.pick([header, header, random.pick(headers)])}`;
  const output = random.pick(outputs);
  const text = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  // gcc tells equal headers apart by their mtime, so it must not depend on when this runs
  const stamp = (path: string) => `touch -d @${1_600_000_000 + random.below(3)} ${path} 2> /dev/null`;
  return random.pick([
    `printf %s ${text(headerText(random, header))} > ${to}; ${stamp(to)}`,
    `printf %s ${text(headerText(random, header))} > ${to}; ${stamp(to)}`,
    `printf %s ${text(sourceText(random))} > ${random.pick(sources)}`,
    `touch -d @${1_600_000_000 + random.below(3)} -c ${from}`,
    `mv -fT ${from} ${to} 2> /dev/null`,
    `rm -rf ${from}`,
    `cp -p ${from} ${to} 2> /dev/null`,
    `ln -sfn $PWD/${from} ${to} 2> /dev/null`,
    `rm -rf ${to}; mkdir ${to}`,
    `rm -f ${output}`,
    `: > ${output}; chmod 755 ${output}`,
    `chmod 444 ${output} 2> /dev/null`,
    `rm -f ${output}; ln -s elsewhere ${output}`,
    `umask ${random.pick(['022', '077', '000'])}`,
  ]);
}

function headerText(random: SeededRandom, name: string): string {
  const other = random.pick(headers);
  const guard = random.pick(['#pragma once\n', `#ifndef ${name[0]}_H\n#define ${name[0]}_H\n`, '']);
  return [
    guard,
    random.below(3) === 0 ? `#if __has_include("${other}")\nstatic int has_${other[0]};\n#endif\n` : '',
    guard !== '' && random.below(3) === 0 ? `#include "${other}"\n` : '',
    guard === '#pragma once\n' && random.below(4) === 0
      ? `#if __has_include_next("${name}")\n#include_next "${name}"\n#endif\n`
      : '',
    `enum { ${name[0]}_${random.below(3)} = ${random.below(3)} };\n`,
    random.below(5) === 0 ? 'static const char *where_##n = __FILE__;\n'.replace('##n', name[0]!) : '',
    guard.startsWith('#ifndef') ? '#endif\n' : '',
  ].join('');
}

function sourceText(random: SeededRandom): string {
  const included = random.shuffled(headers).slice(0, 1 + random.below(3));
  return [
    ...included.map(name => (random.below(2) === 0 ? `#include "${name}"\n` : `#include <${name}>\n`)),
    '#ifndef V\n#define V 0\n#endif\n',
    `int value = V + ${random.below(3)};\n`,
    random.below(3) === 0 ? 'int f(int n) { int unused; return n * value; }\n' : '',
    random.below(4) === 0 ? 'int size = sizeof(__FILE__) + __LINE__;\n' : '',
  ].join('');
}
