// Scenarios: warnings, errors and how they are written.
import type { Scenario } from '../../support/scenario.ts';

const files = {
  'a.c': '#include "h.h"\nint f(void) { int unused; return N; }\n',
  'h.h': '#define N 1\nstatic int g(void) { return 0; }\n',
};
const broken = { 'a.c': 'int f(void) { return x }\nint g(\n' };

export const diagnosticScenarios: readonly Scenario[] = [
  {
    name: 'warnings',
    files,
    steps: [
      '$CC -Wall -Wextra -c a.c',
      '$CC -Wall -Wextra -c a.c',
      'echo "#warning look here" >> h.h; $CC -c a.c',
      '$CC -w -c a.c',
    ],
  },
  {
    name: 'warnings with absolute names',
    files,
    steps: [
      '$CC -Wall -c $PWD/a.c',
      '$CC -Wall -I$PWD -MD -c $PWD/a.c',
      'cd /; $CC -Wall -c $OLDPWD/a.c -o $OLDPWD/b.o',
    ],
  },
  {
    name: '-Werror',
    files,
    steps: [
      '$CC -Wall -c a.c',
      '$CC -Wall -Werror -c a.c',
      '$CC -Wall -Werror -Wno-unused -c a.c',
      'echo "#define N 1" > h.h; $CC -Wall -Werror=unused-variable -c a.c',
    ],
    hits: 2,
  },
  {
    name: 'syntax error',
    files: broken,
    steps: [
      '$CC -c a.c',
      'echo "int f(void);" > a.c; $CC -c a.c',
      'echo "int f(void" > a.c; $CC -c a.c',
      '$CC -fmax-errors=1 -c a.c; $CC -ferror-limit=1 -c a.c',
    ],
    hits: 1,
  },
  {
    name: 'error removes the old object',
    files: broken,
    steps: ['echo "int x;" > b.c; $CC -c b.c -o a.o', '$CC -c a.c', '$CC -MD -S a.c'],
    hits: 1,
  },
  {
    name: 'missing source',
    steps: [
      '$CC -c none.c',
      '$CC -c none.c -o x.o',
      'mkdir d.c; $CC -c d.c',
      'echo "int x;" > none.c; $CC -c none.c',
    ],
    hits: 1,
  },
  {
    name: 'missing header, then there',
    files: { 'a.c': '#include <not/there.h>\n' },
    steps: [
      '$CC -MD -c a.c',
      'mkdir -p i/not; touch i/not/there.h; $CC -Ii -MD -c a.c',
      '$CC -c a.c',
      'rm -r i; $CC -Ii -MD -c a.c',
    ],
    hits: 1,
  },
  {
    name: 'colours always, never, auto',
    files,
    steps: [
      '$CC -Wall -fdiagnostics-color=always -c a.c',
      '$CC -Wall -fdiagnostics-color=never -c a.c',
      '$CC -Wall -fdiagnostics-color=auto -c a.c',
      '$CC -Wall -fdiagnostics-color -c a.c',
      '$CC -Wall -fno-diagnostics-color -c a.c',
    ],
  },
  {
    name: 'clang colours',
    only: 'clang',
    files,
    steps: [
      '$CC -Wall -fcolor-diagnostics -c a.c',
      '$CC -Wall -fno-color-diagnostics -c a.c',
      '$CC -Wall -fansi-escape-codes -c a.c',
    ],
  },
  {
    name: 'diagnostics in other formats',
    files,
    steps: [
      '$CC -Wall -fno-diagnostics-show-caret -c a.c',
      '$CC -Wall -fmessage-length=40 -c a.c',
      '$CC -Wall -fdiagnostics-show-option -c a.c',
      '$CC -Wall -fdiagnostics-parseable-fixits -c a.c',
    ],
    hits: { gcc: 4, clang: 3 },
  },
  {
    name: 'JSON and plain output of gcc',
    only: 'gcc',
    files,
    steps: [
      '$CC -Wall -fdiagnostics-format=json -c a.c',
      '$CC -Wall -fdiagnostics-plain-output -c a.c',
      '$CC -Wall -fdiagnostics-show-template-tree -c a.c',
    ],
  },
  {
    name: 'error in JSON',
    only: 'gcc',
    files: broken,
    steps: ['$CC -fdiagnostics-format=json -c a.c'],
    hits: 0,
  },
  {
    name: 'a diagnostic shows a line that changed',
    files,
    steps: ['$CC -Wall -c a.c', 'sed -i "s/unused;/unused; \\/* why *\\//" a.c; $CC -Wall -c a.c'],
  },
  {
    name: 'a note in another file',
    files: { 'a.c': '#include "h.h"\nint f(int);\n', 'h.h': 'int f(char);\n' },
    steps: [
      '$CC -c a.c',
      'echo "int f(int);" > h.h; $CC -Wall -c a.c',
      'echo "\nint f(char);" > h.h; $CC -c a.c',
    ],
    hits: 1,
  },
  {
    name: 'included-from chains with other spellings',
    files: { 'a.c': '#include "d/h.h"\n', 'd/h.h': '#include "../e.h"\n', 'e.h': '#warning deep\n' },
    steps: ['$CC -c a.c', '$CC -I$PWD -c $PWD/a.c', 'cd d; $CC -c ../a.c -o ../a.o'],
  },
  {
    name: '#pragma message, #error, _Pragma',
    files: {
      'a.c':
        '#pragma message "hello"\n_Pragma("GCC warning \\"psst\\"")\nint x;\n#ifdef E\n#error no\n#endif\n',
    },
    steps: ['$CC -c a.c', '$CC -DE -c a.c', '$CC -c a.c'],
    hits: 2,
  },
  {
    name: 'warnings of the assembler',
    files: { 'a.c': '__asm__(".warning \\"from as\\"");\nint x;\n', 'b.s': '.error "stop"\n' },
    steps: ['$CC -c a.c', '$CC -c b.s', '$CC -S a.c', '$CC -save-temps -c a.c'],
    changingText: /\/tmp\/cc\w+/g,
    hits: { gcc: 3, clang: 3 },
  },
  {
    name: 'both streams into one file',
    files,
    steps: ['$CC -Wall -S a.c -o - > all 2>&1', '$CC -Wall -c a.c > all 2>&1', '$CC -Wall -c a.c 2>> all'],
    hits: 2,
  },
  {
    name: 'stderr discarded and seen again',
    files,
    steps: ['$CC -Wall -c a.c 2> /dev/null', '$CC -Wall -c a.c', '$CC -Wall -c a.c 2> err; cat err'],
  },
  {
    name: '-fanalyzer, -fdiagnostics-path-format',
    only: 'gcc',
    files: { 'a.c': '#include <stdlib.h>\nvoid f(void) { void *p = malloc(1); free(p); free(p); }\n' },
    steps: ['$CC -fanalyzer -c a.c', '$CC -fanalyzer -fdiagnostics-path-format=separate-events -c a.c'],
  },
  {
    name: '--analyze',
    only: 'clang',
    files: { 'a.c': 'int f(void) { int *p = 0; return *p; }\n' },
    steps: ['$CC --analyze a.c', '$CC --analyze -Xanalyzer -analyzer-output=text a.c'],
    changing: /plist/,
    hits: 0,
  },
  {
    name: '-fopt-info, -Rpass',
    files: { 'a.c': 'void f(int *a) { for (int i = 0; i < 64; i++) a[i] += i; }\n' },
    steps: [
      '$CC -O3 -fopt-info-vec -c a.c',
      '$CC -O3 -fopt-info-vec=report -c a.c',
      '$CC -O3 -Rpass=vectorize -c a.c',
    ],
    hits: { gcc: 2, clang: 1 },
  },
];
