// Scenarios: sources and headers that change, move, appear, vanish and hide one another between compiles.
import type { Scenario } from '../../support/scenario.ts';

const includer = '#include "h.h"\nint x = N;\n';
const header = (n: number | string) => `#define N ${n}\n`;

export const inputScenarios: readonly Scenario[] = [
  {
    name: 'the same again',
    files: { 'a.c': includer, 'h.h': header(1) },
    steps: ['$CC -c a.c', '$CC -c a.c', 'rm a.o; $CC -c a.c'],
  },
  {
    name: 'header of the same size and mtime',
    files: { 'a.c': includer, 'h.h': header(1) },
    steps: [
      '$CC -c a.c',
      'touch -r h.h t; echo "#define N 2" > h.h; touch -r t h.h; rm t',
      '$CC -c a.c',
      'touch -r h.h t; echo "#define N 3" > n; touch -r t n; mv n h.h; rm t',
      '$CC -c a.c',
    ],
  },
  {
    name: 'source of the same size and mtime',
    files: { 'a.c': 'int x = 1;\n' },
    steps: ['$CC -c a.c', 'touch -r a.c t; echo "int x = 2;" > a.c; touch -r t a.c', '$CC -c a.c'],
  },
  {
    name: 'header touched only',
    files: { 'a.c': includer, 'h.h': header(1) },
    steps: ['$CC -c a.c', 'touch h.h a.c', '$CC -c a.c', 'cp h.h t; mv t h.h', '$CC -c a.c'],
  },
  {
    name: 'source edited and edited back',
    files: { 'a.c': 'int x = 1;\n' },
    steps: [
      '$CC -c a.c',
      'echo "int x = 2;" > a.c',
      '$CC -c a.c',
      'echo "int x = 1;" > a.c',
      '$CC -c a.c',
      'echo "int x = 2;" > a.c; $CC -c a.c',
    ],
  },
  {
    name: 'header shadowed in an earlier folder',
    files: { 'a.c': '#include <h.h>\nint x = N;\n', 'one/.keep': '', 'two/h.h': header(2) },
    steps: [
      '$CC -Ione -Itwo -c a.c',
      'echo "#define N 1" > one/h.h',
      '$CC -Ione -Itwo -c a.c',
      'rm one/h.h; $CC -Ione -Itwo -c a.c',
    ],
  },
  {
    name: "header shadowed in the source's own folder",
    files: { 'src/a.c': includer, 'inc/h.h': header(2) },
    steps: ['$CC -Iinc -c src/a.c', 'echo "#define N 1" > src/h.h', '$CC -Iinc -c src/a.c'],
  },
  {
    name: 'header shadowed in a folder that was not there',
    files: { 'a.c': '#include <h.h>\nint x = N;\n', 'two/h.h': header(2) },
    steps: ['$CC -Ione -Itwo -c a.c', 'mkdir one; echo "#define N 1" > one/h.h', '$CC -Ione -Itwo -c a.c'],
  },
  {
    name: 'header shadowed where a file stood in the way',
    files: { 'a.c': '#include <h.h>\nint x = N;\n', one: 'a file', 'two/h.h': header(2) },
    steps: [
      '$CC -Ione -Itwo -c a.c',
      'rm one; mkdir one; echo "#define N 1" > one/h.h',
      '$CC -Ione -Itwo -c a.c',
    ],
  },
  {
    name: 'system header shadowed',
    files: { 'a.c': '#include <stddef.h>\n#ifdef MINE\nint mine;\n#endif\nsize_t x;\n', 'inc/.keep': '' },
    steps: [
      '$CC -Iinc -c a.c',
      'echo "#define MINE\ntypedef unsigned long size_t;" > inc/stddef.h',
      '$CC -Iinc -c a.c',
    ],
  },
  {
    name: 'a folder named like a header',
    files: { 'a.cc': '#include <vector>\nstd::vector<int> v;\n', 'inc/vector/x.h': '' },
    steps: ['$CXX -Iinc -c a.cc', '$CXX -Iinc -c a.cc'],
  },
  {
    name: '__has_include of something that appears and goes',
    files: { 'a.c': '#if __has_include("opt.h")\nint yes;\n#else\nint no;\n#endif\n' },
    steps: ['$CC -c a.c', 'touch opt.h', '$CC -c a.c', 'rm opt.h', '$CC -c a.c', 'mkdir opt.h', '$CC -c a.c'],
  },
  {
    name: '__has_include of a header in a later folder',
    files: { 'a.c': '#if __has_include(<o/opt.h>)\n#include <o/opt.h>\n#endif\nint x;\n', 'i/.keep': '' },
    steps: [
      '$CC -Ii -Ij -c a.c',
      'mkdir -p j/o; echo "int j;" > j/o/opt.h',
      '$CC -Ii -Ij -c a.c',
      'mkdir -p i/o; echo "int i;" > i/o/opt.h; $CC -Ii -Ij -c a.c',
    ],
  },
  {
    name: '#include_next finds another',
    files: {
      'a.c': '#include <h.h>\nint x = N;\n',
      'one/h.h': '#include_next <h.h>\n',
      'three/h.h': header(3),
      'two/.keep': '',
    },
    steps: [
      '$CC -Ione -Itwo -Ithree -c a.c',
      'echo "#define N 2" > two/h.h',
      '$CC -Ione -Itwo -Ithree -c a.c',
    ],
  },
  {
    name: 'one include folder becomes two',
    files: {
      'a.c': '#include <h.h>\nint x = N;\n',
      'one/h.h': '#define N 1\n#if __has_include_next(<h.h>)\n#include_next <h.h>\n#endif\n',
    },
    steps: [
      'ln -s one two; $CC -Ione -Itwo -c a.c',
      'rm two; mkdir two; cp -p one/h.h two; $CC -Ione -Itwo -c a.c 2>&1',
      'rm -r two; ln -s one two; $CC -Ione -Itwo -c a.c',
    ],
  },
  {
    name: '#pragma once and copies of one header',
    files: {
      'a.c': '#include "one/h.h"\n#include "two/h.h"\n',
      'one/h.h': '#pragma once\nstatic int counted(int);\nenum { X = sizeof(int) };\n',
      'two/.keep': '',
    },
    steps: [
      'ln one/h.h two/h.h; $CC -c a.c',
      'rm two/h.h; cp -p one/h.h two/h.h; $CC -c a.c',
      'touch -d "2001-01-01" two/h.h; $CC -c a.c',
      'rm two/h.h; ln -s ../one/h.h two/h.h; $CC -c a.c',
    ],
    hits: { gcc: 3, clang: 2 },
  },
  {
    name: '-include and -imacros',
    files: { 'a.c': 'int x = N + M;\n', 'n.h': header(1), 'm.h': '#define M 1\nint y;\n' },
    steps: [
      '$CC -include n.h -imacros m.h -c a.c',
      'echo "#define N 2" > n.h; $CC -include n.h -imacros m.h -c a.c',
      'echo "#define M 2" > m.h; $CC -include n.h -imacros m.h -c a.c',
    ],
  },
  {
    name: '-isystem, -iquote, -idirafter',
    files: {
      'a.c': '#include "q.h"\n#include <s.h>\n#include <d.h>\nint x = Q + S + D;\n',
      'q/q.h': '#define Q 1\n',
      's/s.h': '#define S 1\n',
      'd/d.h': '#define D 1\n',
    },
    steps: [
      '$CC -iquote q -isystem s -idirafter d -c a.c',
      'echo "#define S 2" > s/s.h; $CC -iquote q -isystem s -idirafter d -c a.c',
      'echo "#define D 2" > d/d.h; $CC -iquote q -isystem s -idirafter d -c a.c',
      'echo "#define D 3" > s/d.h; $CC -iquote q -isystem s -idirafter d -c a.c',
      'echo "#define Q 2" > q.h; $CC -iquote q -isystem s -idirafter d -c a.c',
    ],
  },
  {
    name: '.incbin in assembly',
    files: { 'a.S': '.data\n.incbin "blob"\n', blob: 'one' },
    steps: [
      '$CC -c a.S',
      'printf two > blob',
      '$CC -c a.S',
      'rm blob; $CC -c a.S',
      'printf one > blob; $CC -c a.S',
    ],
    hits: 3,
  },
  {
    name: '.incbin in inline assembly',
    files: { 'a.c': '__asm__(".data\\n.incbin \\"blob\\"\\n");\n', blob: 'one' },
    steps: ['$CC -c a.c', 'printf two > blob', '$CC -c a.c', 'printf one > blob', '$CC -c a.c'],
  },
  {
    name: '.include in inline assembly, found with -Wa,-I',
    files: { 'a.c': '__asm__(".include \\"x.inc\\"\\n");\n', 'i/x.inc': '.globl one\none:\n', 'h/.keep': '' },
    steps: ['$CC -Wa,-Ih -Wa,-Ii -c a.c', 'echo ".globl two" > h/x.inc', '$CC -Wa,-Ih -Wa,-Ii -c a.c'],
  },
  {
    name: 'source is a symlink that is retargeted',
    files: { 'one.c': 'int x = 1;\n', 'two.c': 'int x = 2;\n' },
    steps: ['ln -s one.c a.c; $CC -c a.c', 'ln -sf two.c a.c; $CC -c a.c', 'ln -sf one.c a.c; $CC -c a.c'],
  },
  {
    name: 'headers beside the target of a symlink are not found',
    files: { 'real/a.c': includer, 'real/h.h': header(1), 'h.h': header(2) },
    steps: ['ln -s real/a.c a.c; $CC -c a.c', '$CC -c real/a.c', 'echo "#define N 3" > h.h; $CC -c a.c'],
  },
  {
    name: 'folder symlink is retargeted',
    files: { 'a.c': '#include <h.h>\nint x = N;\n', 'v1/h.h': header(1), 'v2/h.h': header(2) },
    steps: ['ln -s v1 v; $CC -Iv -c a.c', 'ln -sfn v2 v; $CC -Iv -c a.c', 'ln -sfn v1 v; $CC -Iv -c a.c'],
  },
  {
    name: 'header becomes a folder, unreadable, a fifo',
    files: { 'a.c': includer, 'h.h': header(1) },
    steps: [
      '$CC -c a.c',
      'rm h.h; mkdir h.h; $CC -c a.c',
      'rmdir h.h; mkfifo h.h; (echo "#define N 7" > h.h &); $CC -c a.c',
      'rm h.h; ln -s h.h h.h; $CC -c a.c',
    ],
    hits: 1,
  },
  {
    name: 'missing header appears',
    files: { 'a.c': includer },
    steps: ['$CC -c a.c', 'echo "#define N 1" > h.h', '$CC -c a.c', 'rm h.h; $CC -c a.c'],
    hits: 1,
  },
  {
    name: 'empty source and empty header',
    files: { 'a.c': '', 'b.c': '#include "e.h"\n', 'e.h': '' },
    steps: ['$CC -c a.c', '$CC -c b.c', 'echo "int x;" > e.h; $CC -c b.c', '> e.h; $CC -c b.c'],
  },
  {
    name: 'CRLF, no newline at the end, tabs',
    files: { 'a.c': 'int x = 1;\r\nint y = \\\r\n2;\r\n', 'b.c': 'int\tx;' },
    steps: ['$CC -c a.c', '$CC -c b.c', "printf 'int\\tx;\\n' > b.c; $CC -g -c b.c"],
  },
  {
    name: 'only a comment changed',
    files: { 'a.c': 'int x; // one\n' },
    steps: [
      '$CC -g -c a.c',
      'echo "int x; // two" > a.c',
      '$CC -g -c a.c',
      'echo "\nint x; // two" > a.c; $CC -g -c a.c',
    ],
  },
  {
    name: 'many headers, one of them changed',
    files: { 'a.c': '#include "0.h"\nint x = N0;\n' },
    steps: [
      'for i in $(seq 0 99); do echo "#include \\"$((i+1)).h\\"\n#define N$i (N$((i+1)) + 1)" > $i.h; done; echo "#define N100 0" > 100.h',
      '$CC -c a.c',
      'echo "#define N100 5" > 100.h; $CC -c a.c',
      'echo "#define N100 0" > 100.h; $CC -c a.c',
    ],
  },
  {
    name: 'huge source',
    steps: [
      'for i in $(seq 1 20000); do echo "int very_long_name_of_a_variable_number_$i = $i;"; done > a.c',
      '$CC -c a.c',
      'echo "int last;" >> a.c; $CC -c a.c',
    ],
  },
];
