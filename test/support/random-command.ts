// A random compile as a shell line: options, variables, how paths are spelled and the folder that it is started in.
import { linkedFolder, outputs, responseFile, secondCheckout, sources } from './random-project.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Where a command is started, and how the project's root is spelled from there. */
interface Place {
  readonly enter?: string;
  readonly root: string;
}

const here: Place = { root: '' };
const elsewhere: readonly Place[] = [
  { enter: 'src', root: '../' },
  { enter: linkedFolder, root: '../' },
  { enter: secondCheckout, root: '' },
  { enter: secondCheckout, root: '' },
  { enter: `${secondCheckout}/src`, root: '../' },
  { enter: 'out', root: '../' },
];

/**
 * A compile of one of the sources. With a stem it is one of several at the same time: it then makes `<stem>.o` in the
 * project's root, and whatever else it makes has a name of its own.
 */
export function randomCompile(random: SeededRandom, stem?: string): string {
  const place = stem === undefined && random.below(4) === 0 ? random.pick(elsewhere) : here;
  const source = random.pick(sources);
  const args = [...searchOptions(random, place), ...plainOptions(random)];
  if (stem === undefined) args.push(...filesOptions(random, place));
  const maybe = (percent: number, ...options: string[]) => {
    if (random.below(100) < percent) args.push(random.pick(options));
  };
  const output = stem === undefined ? random.pick([...outputs, undefined, undefined]) : `${stem}.o`;
  const folder = random.below(5) === 0 ? `$PWD/${place.root}` : place.root;
  if (output !== undefined)
    args.push(random.below(3) === 0 ? `-o${folder}${output}` : `-o ${folder}${output}`);
  maybe(50, '-MD', '-MMD', '-MMD -MP');
  maybe(3, '-x c', '-x c++', '-x assembler-with-cpp', '-xcpp-output');
  const path = random.below(4) === 0 ? `$PWD/${place.root}${source}` : `${place.root}${source}`;
  const driver = source.endsWith('.cc') ? '$CXX' : '$CC';
  const mode = stem === undefined ? random.pick(['-c', '-c', '-c', '-c', '-c', '-S']) : '-c';
  const line = `${variables(random, stem)}${driver} ${random.shuffled([...args, mode, path]).join(' ')}`;
  return place.enter === undefined ? line : `(cd ${place.enter} && ${line})`;
}

function searchOptions(random: SeededRandom, { root }: Place): string[] {
  const options = [
    `-I${root}i0`,
    `-I${random.below(4) === 0 ? '$PWD/' : ''}${root}i1`,
    `-isystem ${root}i2/deep`,
    `-I${root}gone`,
    `-I${root}src`,
    random.pick([
      `-iquote ${root}i1`,
      `-idirafter ${root}i0`,
      `-I${root}${linkedFolder}`,
      `-I${root}i2/../i1`,
    ]),
  ];
  const shuffled = random.shuffled(options);
  return random.below(4) > 0 ? shuffled : shuffled.slice(0, 1 + random.below(4));
}

/** Those that make no file beside the output, or name it after the output. */
function plainOptions(random: SeededRandom): string[] {
  const options: string[] = [];
  const maybe = (percent: number, ...choices: string[]) => {
    if (random.below(100) < percent) options.push(random.pick(choices));
  };
  maybe(50, '-O0', '-O1', '-O2');
  maybe(
    30,
    '-g',
    '-g3',
    '-g -gz',
    '-g -ffile-prefix-map=$PWD=.',
    '-g -fdebug-prefix-map=$PWD=/x',
    '-g -gsplit-dwarf',
  );
  maybe(30, '-Wall', '-Wall -Wextra', '-Wall -Werror', '-w', '-Wall -Wsystem-headers');
  maybe(40, '-DV=1', '-DV=2', '-D V=3 -UV', "-DW='x y'", '-Wp,-DV=4', '-Xpreprocessor -DV=5');
  maybe(20, '-include a.h', '-include d.h', '-imacros b.h');
  maybe(20, '-fverbose-asm', '-frecord-gcc-switches', '-H', '-fPIC -ffunction-sections', '-pipe');
  maybe(
    12,
    '-flto -frandom-seed=1',
    '--coverage -frandom-seed=1',
    '-fprofile-arcs -ftest-coverage -frandom-seed=1',
    '-fsanitize=address',
  );
  maybe(
    10,
    '-fsyntax-only',
    '-nostdinc',
    '-std=c99',
    '-fdiagnostics-color=always',
    '-fdiagnostics-format=json',
    '-fmax-errors=1',
    '-march=native',
  );
  return options;
}

/** Those whose files compiles at the same time would share. */
function filesOptions(random: SeededRandom, { root }: Place): string[] {
  const options: string[] = [];
  const maybe = (percent: number, ...choices: string[]) => {
    if (random.below(100) < percent) options.push(random.pick(choices));
  };
  maybe(
    20,
    '-fstack-usage',
    '-save-temps',
    '-save-temps=obj',
    '-MD -MF dep -MT t',
    `-MMD -MF ${root}out/d.d -MQ '$x y'`,
    '-Wp,-MMD,dep',
    '-Wp,-MD,dep,-MT,t',
  );
  maybe(12, `@${root}${responseFile}`);
  maybe(4, '-E', '-M', '-MM', '-E -dM', `${root}r.cc`);
  return options;
}

function variables(random: SeededRandom, stem: string | undefined): string {
  if (random.below(4) > 0) return '';
  const values = [
    'CPATH=i1',
    'CPATH=i0:i1',
    'CPATH=:i2/deep',
    'C_INCLUDE_PATH=i2/deep',
    'CPLUS_INCLUDE_PATH=$PWD/i1',
    'LC_ALL=C.UTF-8',
    'SOURCE_DATE_EPOCH=1',
    'GCC_COLORS=warning=01',
    'TMPDIR=$PWD/out',
    'TMPDIR=gone',
    'TZ=UTC-5',
    'PWD=/nonsense',
    'COMPILER_PATH=out',
    'CCC_OVERRIDE_OPTIONS=+-DV=9',
  ];
  // several compiles at once would write into one file
  if (stem === undefined) values.push("DEPENDENCIES_OUTPUT='deps tgt'", 'SUNPRO_DEPENDENCIES=deps');
  return `${random.pick(values)} `;
}
