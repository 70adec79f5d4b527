// Scenarios: options that make more files than an object, or that put more into it.
import type { Scenario } from '../../support/scenario.ts';

const files = { 'src/a.c': '#include "h.h"\nint f(int n) { return n + N; }\n', 'src/h.h': '#define N 1\n' };
const change = 'echo "#define N 2" > src/h.h';
const twice = (command: string) => [command, change, command, `echo "#define N 1" > src/h.h; ${command}`];

export const optionScenarios: readonly Scenario[] = [
  {
    name: '-O0, -O2, -Os',
    files,
    steps: ['$CC -O0 -c src/a.c', '$CC -O2 -c src/a.c', '$CC -Os -c src/a.c', '$CC -O2 -c src/a.c'],
  },
  {
    name: '-D and -U, joined and not, in another order',
    files: { 'a.c': '#ifdef A\nint a = A;\n#endif\n#ifdef B\nint b = B;\n#endif\nint c;\n' },
    steps: [
      '$CC -DA=1 -D B=2 -c a.c',
      '$CC -DA=12 -c a.c',
      '$CC -DA=1 -UA -c a.c',
      '$CC -UA -DA=1 -c a.c',
      "$CC -D 'A=1' '-DB=\"x y\"[0]' -c a.c",
    ],
  },
  { name: '-g', files, steps: twice('$CC -g -c src/a.c') },
  {
    name: '-g in another folder',
    files,
    steps: ['$CC -g -c src/a.c', 'cd src && $CC -g -c a.c -o ../a.o', 'mkdir b; cd b; $CC -g -c ../src/a.c'],
  },
  {
    name: '-g0, -g1, -g3, -ggdb, -gdwarf',
    files,
    steps: [
      '$CC -g0 -c src/a.c',
      '$CC -g1 -c src/a.c',
      '$CC -g3 -c src/a.c',
      '$CC -ggdb -c src/a.c',
      '$CC -gdwarf-4 -c src/a.c',
      '$CC -g3 -DX=1 -c src/a.c',
    ],
  },
  { name: '-gsplit-dwarf', files, steps: twice('$CC -g -gsplit-dwarf -c src/a.c') },
  {
    name: '-gsplit-dwarf with -o elsewhere',
    files,
    steps: [
      'mkdir o p; $CC -g -gsplit-dwarf -c src/a.c -o o/x.o',
      '$CC -g -gsplit-dwarf -c src/a.c -o p/y',
      '$CC -gsplit-dwarf -g0 -c src/a.c -o o/x.o',
    ],
  },
  { name: '-gz', files, steps: twice('$CC -g -gz -c src/a.c') },
  {
    name: 'prefix maps',
    files,
    steps: [
      '$CC -g -fdebug-prefix-map=$PWD=/x -c src/a.c',
      '$CC -g -ffile-prefix-map=$PWD=. -c $PWD/src/a.c',
      '$CC -g -fmacro-prefix-map=$PWD=. -c $PWD/src/a.c',
      '$CC -g -fdebug-prefix-map=$PWD=/y -c src/a.c',
    ],
  },
  {
    name: '--coverage',
    files,
    steps: [
      '$CC --coverage -frandom-seed=1 -c src/a.c',
      'mkdir o; $CC --coverage -frandom-seed=1 -c src/a.c -o o/b.o',
      '$CC -ftest-coverage -fprofile-arcs -c src/a.c',
      'rm -f *.gcno; $CC --coverage -frandom-seed=1 -c src/a.c',
    ],
    changing: /\.gcno$|^a\.o$/,
  },
  {
    name: '-fprofile-use with a profile that changes',
    only: 'gcc',
    files: {
      'a.c': 'int f(int n) { return n > 3 ? n * 7 : n; }\nint main(int c, char **v) { return f(c) == 99; }\n',
    },
    steps: [
      'gcc -O2 -fprofile-generate -fprofile-update=single a.c -o p && ./p && mv *.gcda a.gcda && cp a.gcda one && ./p 1 2 3 4 && rm p *-a.gcda 2>/dev/null; ls',
      '$CC -O2 -fprofile-use -c a.c 2>&1',
      'rm a.gcda; $CC -O2 -fprofile-use -Wno-missing-profile -c a.c',
      'cp one a.gcda; $CC -O2 -fprofile-use=$PWD -c a.c 2>&1',
      '$CC -O2 -fprofile-use=one -c a.c 2>&1',
    ],
    changing: /gcda$|^one$|^a\.o$/,
    hits: 3,
  },
  { name: '-fprofile-generate', files, steps: twice('$CC -fprofile-generate -c src/a.c'), changing: /\.o$/ },
  {
    name: '-fprofile-instr-generate -fcoverage-mapping',
    only: 'clang',
    files,
    steps: twice('$CC -fprofile-instr-generate -fcoverage-mapping -c src/a.c'),
  },
  { name: '-fstack-usage', files, steps: twice('$CC -fstack-usage -c src/a.c') },
  {
    name: '-fcallgraph-info',
    only: 'gcc',
    files,
    steps: twice('$CC -fcallgraph-info=su,da -c src/a.c -o x.o'),
  },
  {
    name: '-ftime-trace',
    only: 'clang',
    files,
    steps: ['$CC -ftime-trace -c src/a.c', 'mkdir o; $CC -ftime-trace -c src/a.c -o o/b.o'],
    changing: /\.json$/,
  },
  {
    name: '-fdump-tree and -fdump-rtl',
    only: 'gcc',
    files,
    steps: [
      ...twice('$CC -O1 -fdump-tree-optimized -fdump-rtl-expand -c src/a.c'),
      'mkdir d; $CC -O1 -fdump-tree-gimple=d/x -c src/a.c',
      '$CC -dumpdir d/ -fdump-tree-gimple -c src/a.c',
    ],
  },
  {
    name: '-save-temps',
    files,
    steps: [
      ...twice('$CC -save-temps -c src/a.c'),
      'mkdir o; $CC -save-temps=obj -c src/a.c -o o/b.o',
      '$CC -save-temps=cwd -c src/a.c -o o/c.o',
    ],
  },
  { name: '-aux-info', only: 'gcc', files, steps: twice('$CC -aux-info a.X -c src/a.c') },
  {
    name: '-frecord-gcc-switches and -fverbose-asm',
    files,
    steps: [
      '$CC -frecord-gcc-switches -c src/a.c',
      '$CC -frecord-gcc-switches -c src/a.c -o b.o',
      '$CC -fverbose-asm -S src/a.c',
      '$CC -fverbose-asm -S src/a.c -o b.s',
      '$CC -g -grecord-gcc-switches -DQ -c src/a.c',
    ],
  },
  { name: '-S', files, steps: [...twice('$CC -S src/a.c'), '$CC -S -g -O1 src/a.c -o b.s'] },
  { name: '-S -o -', files, steps: twice('$CC -S src/a.c -o -') },
  {
    name: '-E, -M',
    files,
    steps: [
      '$CC -E src/a.c',
      '$CC -E -P src/a.c -o a.i',
      '$CC -E -dM src/a.c | grep -w N',
      '$CC -E -C src/a.c -MD -o a.i',
    ],
    hits: 0,
  },
  {
    name: '-fsyntax-only',
    files,
    steps: [
      '$CC -fsyntax-only src/a.c',
      '$CC -fsyntax-only -c src/a.c',
      change,
      '$CC -fsyntax-only -Wall src/a.c',
    ],
    hits: 3,
  },
  {
    name: '-flto',
    files,
    steps: [
      ...twice('$CC -O2 -flto -frandom-seed=1 -c src/a.c'),
      '$CC -flto -ffat-lto-objects -frandom-seed=1 -c src/a.c',
    ],
  },
  {
    name: '-flto=thin, -emit-llvm',
    only: 'clang',
    files,
    steps: [
      '$CC -flto=thin -c src/a.c',
      '$CC -emit-llvm -c src/a.c',
      '$CC -emit-llvm -S src/a.c',
      '$CC -c -fembed-bitcode src/a.c',
    ],
  },
  {
    name: '-pipe, -fPIC, -m32',
    files,
    steps: ['$CC -pipe -c src/a.c', '$CC -fPIC -c src/a.c', '$CC -m32 -ffreestanding -c src/a.c'],
  },
  {
    name: '-march=native, -mavx2',
    files,
    steps: ['$CC -O3 -march=native -c src/a.c', '$CC -O3 -mavx2 -mtune=native -c src/a.c'],
  },
  {
    name: '-fsanitize',
    files,
    steps: [
      '$CC -g -fsanitize=address -c src/a.c',
      '$CC -fsanitize=undefined -c src/a.c',
      '$CC -fsanitize=thread -c src/a.c',
      'echo "fun:f" > l; $CC -fsanitize=address -fsanitize-blacklist=l -c src/a.c',
    ],
    hits: { gcc: 3, clang: 4 },
  },
  {
    name: '-fsanitize-ignorelist changes',
    only: 'clang',
    files,
    steps: [
      'echo "fun:g" > l; $CC -fsanitize=address -fsanitize-ignorelist=l -c src/a.c',
      'echo "fun:f" > l; $CC -fsanitize=address -fsanitize-ignorelist=l -c src/a.c',
    ],
  },
  {
    name: '-Wa with listings',
    files,
    steps: [
      '$CC -g -Wa,-adhln=a.lst -c src/a.c 2>&1',
      '$CC -Wa,--defsym,X=1 -c src/a.c',
      '$CC -Wa,-MD=as.d -c src/a.c',
    ],
    changing: /\.lst$|as\.d/,
    hits: { gcc: 3, clang: 0 },
  },
  {
    name: '-fsave-optimization-record',
    files,
    steps: twice('$CC -O2 -fsave-optimization-record -c src/a.c'),
    changing: /\.gz$/,
  },
  {
    name: '-ffunction-sections, -frandom-seed, -fno-ident',
    files,
    steps: [
      '$CC -ffunction-sections -c src/a.c',
      '$CC -frandom-seed=a.o -c src/a.c',
      '$CC -fno-ident -c src/a.c',
      '$CC -Qn -c src/a.c',
    ],
  },
  {
    name: '-fopenmp, -pthread, -std',
    files,
    steps: [
      '$CC -fopenmp -c src/a.c',
      '$CC -pthread -c src/a.c',
      '$CC -std=c89 -pedantic -c src/a.c',
      '$CC -ansi -c src/a.c',
    ],
  },
  {
    name: '-Xclang and -mllvm',
    only: 'clang',
    files,
    steps: [
      '$CC -Xclang -ast-dump=json -fsyntax-only src/a.c | wc -l',
      '$CC -Xclang -fno-pch-timestamp -c src/a.c',
      '$CC -mllvm -inline-threshold=3 -O2 -c src/a.c',
      '$CC -Xclang -dependency-file -Xclang x.d -Xclang -MT -Xclang t -c src/a.c',
    ],
  },
  {
    name: '-Xpreprocessor, -Wp, -Xassembler',
    files,
    steps: [
      '$CC -Xpreprocessor -DQ -c src/a.c',
      '$CC -Wp,-DQ=1,-DR -c src/a.c',
      '$CC -Xassembler --noexecstack -c src/a.c',
      '$CC -Wl,-z,now -c src/a.c',
    ],
  },
  {
    name: '--serialize-diagnostics',
    only: 'clang',
    files,
    steps: [
      '$CC --serialize-diagnostics a.dia -c src/a.c',
      change,
      '$CC --serialize-diagnostics a.dia -Wall -c src/a.c',
    ],
  },
  {
    name: '-working-directory',
    only: 'clang',
    files,
    steps: ['$CC -working-directory $PWD/src -c a.c', change, '$CC -working-directory=$PWD/src -g -c a.c'],
    hits: 0,
  },
  {
    name: '-iprefix, -iwithprefix, -nostdinc, --sysroot',
    files: { ...files, 'p/i/h.h': '#define N 5\n', 'b.c': '#include <h.h>\nint x = N;\n' },
    steps: [
      '$CC -iprefix p/ -iwithprefix i -c b.c',
      'echo "#define N 6" > p/i/h.h; $CC -iprefix p/ -iwithprefixbefore i -c b.c',
      '$CC -nostdinc -Ip/i -c b.c',
      '$CC --sysroot=p -I=/i -c b.c',
      '$CC --sysroot p -isystem =/i -c b.c',
    ],
    hits: { gcc: 5, clang: 4 },
  },
];
