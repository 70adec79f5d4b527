// The files of a random project and how they are edited: headers that hide one another, move and change, sources that look at
// them in every way, a file that is assembled in, a response file, a symlinked folder, a second checkout.
import type { SeededRandom } from './seeded-random.ts';

const folders = ['src', 'i0', 'i1', 'i2/deep'];
const headers = ['a.h', 'b.h', 'c.h', 'd.h'];
export const sources = ['src/p.c', 'src/q.c', 'r.cc', 'src/t.S'];
export const outputs = ['out/p.o', 'out/q.o', 'p.o', 'q.o', 'r.o', 'out/x'];
/** The copy of the whole project. */
export const secondCheckout = 'copy';
/** A symlink to the folder of most sources. */
export const linkedFolder = 'link';
export const responseFile = 'opts.rsp';
const copied = 'src i0 i1 i2 out r.cc opts.rsp link';

export function randomFiles(random: SeededRandom): Record<string, string> {
  const files: Record<string, string> = { 'out/.keep': '', 'i1/.keep': '', 'i2/deep/.keep': '' };
  if (random.below(2) === 0) files['.git/HEAD'] = '';
  for (const header of headers) files[`${random.pick(folders)}/${header}`] = headerText(random, header);
  for (const source of sources) files[source] = sourceText(random, source);
  files[`${random.pick(folders)}/data.bin`] = 'one';
  files[responseFile] = responseText(random);
  return files;
}

/** What comes before all steps. The compilers can look at a file's mtime, so it must not depend on when this runs. */
export const firstStep = `find . -type f -exec touch -d @1600000000 {} +; ln -s src ${linkedFolder}; ${copyCheckout()}`;

function copyCheckout(): string {
  return `rm -rf ${secondCheckout}; mkdir ${secondCheckout}; cp -a ${copied} ${secondCheckout} 2> /dev/null`;
}

/** A shell line that changes something. */
export function randomEdit(random: SeededRandom): string {
  const within = random.below(6) === 0 ? `${secondCheckout}/` : '';
  return random.pick([editOfInput, editOfInput, editOfInput, editOfOutput])(random, within);
}

const quoted = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;

function editOfInput(random: SeededRandom, within: string): string {
  const header = random.pick(headers);
  const from = `${within}${random.pick(folders)}/${header}`;
  const to = `${within}${random.pick(folders)}/${random.pick([header, header, random.pick(headers)])}`;
  const source = random.pick(sources);
  const data = `${within}${random.pick(folders)}/data.bin`;
  const stamp = (path: string) => `touch -d @${1_600_000_000 + random.below(3)} -c ${path} 2> /dev/null`;
  const write = (text: string, path: string) => `printf %s ${quoted(text)} > ${path}; ${stamp(path)}`;
  return random.pick([
    () => write(headerText(random, header), to),
    () => write(headerText(random, header), to),
    () => write(headerText(random, header), to),
    () => write(sourceText(random, source), `${within}${source}`),
    () => write(sourceText(random, source), `${within}${source}`),
    // another file takes its place
    () => `${write(headerText(random, header), 'new')}; mv -fT new ${to}`,
    () => write(random.pick(['one', 'two']), data),
    () => `mv -f ${data} ${within}${random.pick(folders)} 2> /dev/null`,
    () => write(responseText(random), `${within}${responseFile}`),
    () => stamp(from),
    () => stamp(`${within}${source}`),
    () => `mv -fT ${from} ${to} 2> /dev/null`,
    () => `rm -rf ${from}`,
    () => `cp -p ${from} ${to} 2> /dev/null`,
    () => `ln -f ${from} ${to} 2> /dev/null`,
    () => `ln -sfn $PWD/${from} ${to} 2> /dev/null`,
    () => `rm -rf ${to}; mkdir ${to}`,
    () => `ln -sfn ${random.pick(folders)} ${within}${linkedFolder}`,
    // its bytes are new each time
    () => `$NAME -x c-header ${from} -o ${from}.gch > /dev/null 2>&1`,
    () => `rm -f ${within}*/*.gch ${within}*/*/*.gch`,
    copyCheckout,
  ])();
}

function editOfOutput(random: SeededRandom, within: string): string {
  const output = `${within}${random.pick(outputs)}`;
  return random.pick([
    `rm -rf ${output}`,
    `: > ${output}; chmod 755 ${output}`,
    `chmod 444 ${output} 2> /dev/null`,
    `rm -rf ${output}; ln -s elsewhere ${output}`,
    `rm -rf ${output}; mkdir ${output}`,
    `ln -f ${output} hard 2> /dev/null`,
    `ln -sf p.o ${output} 2> /dev/null`,
    `mv -f ${within}out ${within}away 2> /dev/null; mkdir -p ${within}out`,
    `umask ${random.pick(['022', '077', '000'])}`,
  ]);
}

function headerText(random: SeededRandom, name: string): string {
  const other = random.pick(headers);
  const [letter] = name;
  const guard = random.pick(['#pragma once\n', `#ifndef ${letter}_H\n#define ${letter}_H\n`, '']);
  const oneIn = (chances: number, text: string) => (random.below(chances) === 0 ? text : '');
  return [
    '#ifndef __ASSEMBLER__\n',
    guard,
    oneIn(3, `#if __has_include("${other}")\nstatic int has_${other[0]};\n#endif\n`),
    guard === '' ? '' : oneIn(3, `#include "${other}"\n`),
    guard === '#pragma once\n'
      ? oneIn(4, `#if __has_include_next("${name}")\n#include_next "${name}"\n#endif\n`)
      : '',
    // what is included twice must not define anything twice
    guard === ''
      ? `#undef N_${letter}\n#define N_${letter} ${random.below(3)}\n`
      : `enum { ${letter}_${random.below(3)} = ${random.below(3)} };\n`,
    guard === ''
      ? ''
      : [
          oneIn(5, `static const char *where_${letter} = __FILE__;\n`),
          oneIn(20, `static const char *when_${letter} = __TIMESTAMP__;\n`),
        ].join(''),
    oneIn(12, `/*${'x'.repeat(5000)}*/\n`),
    guard.startsWith('#ifndef') ? '#endif\n' : '',
    '#endif\n',
  ].join('');
}

function sourceText(random: SeededRandom, name: string): string {
  const oneIn = (chances: number, text: string) => (random.below(chances) === 0 ? text : '');
  const macro = '#ifndef V\n#define V 0\n#endif\n';
  if (name.endsWith('.S')) {
    const header = random.pick(headers);
    return [
      macro,
      `.data\n.byte V, ${random.below(3)}\n`,
      oneIn(2, `#if __has_include("${header}")\n.byte 7\n#endif\n`),
      oneIn(3, '.incbin "data.bin"\n'),
      oneIn(3, '.ascii __FILE__\n'),
    ].join('');
  }
  const included = random.shuffled(headers).slice(0, 1 + random.below(3));
  return [
    ...included.map(header => includeOf(random, header)),
    macro,
    `int value = V + ${random.below(3)};\n`,
    oneIn(3, 'int f(int n) { int unused; return n * value; }\n'),
    oneIn(4, 'int size = sizeof(__FILE__) + __LINE__ + __COUNTER__;\n'),
    oneIn(8, '__asm__(".data\\n.incbin \\"data.bin\\"\\n.text\\n");\n'),
    oneIn(25, 'const char *when = __TIMESTAMP__;\n'),
    oneIn(15, `char table[] = { ${'1, 2, 3, 4, 5, 6, 7, 8, '.repeat(500)} };\n`),
  ].join('');
}

function includeOf(random: SeededRandom, header: string): string {
  const name = random.below(2) === 0 ? `"${header}"` : `<${header}>`;
  const line = `#include ${name}\n`;
  const [letter] = header;
  const used = `#ifdef N_${letter}\nint n_${letter} = N_${letter};\n#endif\n`;
  return (random.below(6) === 0 ? line : `#if __has_include(${name})\n${line}#endif\n`) + used;
}

function responseText(random: SeededRandom): string {
  return `${random.pick(['-DV=7', '-Ii0', '-O1 -g', '"-DW=x y"', "-I'i1'\n-Wall", ''])}\n`;
}
