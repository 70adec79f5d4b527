// Scenarios: response files, languages, several sources, links, odd names and options that do not exist.
import type { Scenario } from '../../support/scenario.ts';

const files = { 'a.c': 'int x = N;\n', 'b.c': 'int y;\n' };
const program = {
  'a.c': 'int f(void);\nint main(void) { return f(); }\n',
  'b.c': 'int f(void) { return 0; }\n',
};

export const commandLineScenarios: readonly Scenario[] = [
  {
    name: 'response file',
    files,
    steps: [
      'echo "-DN=1 -c a.c" > r; sleep 0.02; $CC @r',
      'echo "-DN=2 -c a.c" > r; sleep 0.02; $CC @r',
      'echo "-DN=1 -c a.c" > r; sleep 0.02; $CC @r',
      '$CC @r -o b.o',
    ],
  },
  {
    name: 'response files in response files',
    files,
    steps: [
      "printf '%s\\n' '@s' '-c a.c' > r; echo -DN=1 > s; $CC @r",
      'echo -DN=2 > s; $CC @r',
      'echo @s > s; $CC @r 2>&1 | tail -1',
    ],
    hits: 2,
  },
  {
    name: 'quotes in a response file',
    files: { 'a b.c': 'const char *s = S;\nint n = N;\n' },
    steps: [
      "printf '%s\\n' \"-DS='\\\"it\\\\'s\\\"'\" '-c \"a b.c\"' '-D' 'N=1' > r; cat r; $CC @r",
      "printf '%s\\n' '-DS=\\\"q\\\\\\\\\\\"' 'a\\ b.c' -c -DN=2 > r; cat r; $CC @r",
    ],
  },
  {
    name: 'response file that is missing, empty, a folder',
    files,
    steps: [
      '$CC @none -DN=1 -c a.c',
      '> e; $CC @e -DN=1 -c a.c',
      'mkdir d; $CC @d -DN=1 -c a.c',
      "echo 'int z;' > @z.c; $CC -c ./@z.c",
    ],
    hits: 2,
  },
  {
    name: 'standard input',
    files,
    steps: [
      '$CC -xc -c - -o a.o < b.c',
      'echo "int z;" | $CC -x c -c - -o a.o',
      'echo "int z;" | $CC -x c -c /dev/stdin -o a.o',
      'echo "int zz;" | $CC -x c -c /dev/stdin -o a.o',
      'echo "int q;" | $CC -include /dev/stdin -c b.c',
      'echo "int r;" | $CC -include /dev/fd/0 -c b.c',
    ],
    hits: 0,
  },
  {
    name: 'several sources with -c',
    files,
    steps: ['$CC -DN=1 -c a.c b.c', '$CC -c b.c b.c', '$CC -DN=1 -MD -c a.c b.c'],
    hits: 0,
  },
  {
    name: 'compile and link',
    files: program,
    steps: [
      '$CC a.c b.c -o p && ./p',
      '$CC -c a.c && $CC -c b.c && $CC a.o b.o -o q && ./q',
      '$CC b.c -shared -fPIC -o b.so',
      '$CC a.o b.o -Wl,-r -nostdlib -o r.o',
    ],
    hits: 2,
  },
  {
    name: 'an object beside the source',
    files: program,
    steps: ['$CC -c b.c', '$CC -c a.c b.o', '$CC -c b.o', '$CC b.o'],
    hits: 1,
  },
  {
    name: '-x c, -x c++, -x none',
    files: {
      'a.c': "int x = sizeof('a');\n",
      'a.cc': "int x = sizeof('a');\n",
      'a.txt': "int x = sizeof('a');\n",
    },
    steps: [
      '$CC -x c -c a.txt',
      '$CC -x c++ -c a.txt',
      '$CC -xc -c a.cc',
      '$CC -x c++ -c a.c',
      '$CC -x c -x none -c a.c',
      '$CC -c -x c++ a.c -x none',
      '$CC -c a.txt',
    ],
    hits: 6,
  },
  {
    name: 'gcc and g++ of one source',
    files: { 'a.c': "int x = sizeof('a');\nextern int y; int y;\n" },
    steps: ['$CC -w -c a.c', '$CXX -w -c a.c', '$CC -w -c a.c', '$CXX -w -x c -c a.c'],
  },
  {
    name: '.i and .ii',
    files: { 'a.i': '# 1 "a.c"\nint x;\n', 'a.ii': '# 1 "a.cc"\nint x;\n' },
    steps: [
      '$CC -c a.i',
      '$CXX -c a.ii',
      '$CC -x cpp-output -c a.i -o b.o',
      'echo "int y;" >> a.i; $CC -c a.i',
      '$CC -fpreprocessed -c a.i',
    ],
    hits: { gcc: 5, clang: 4 },
  },
  {
    name: '.S and .s',
    files: {
      'a.S': '#include "h.h"\n.globl NAME\nNAME:\n',
      'h.h': '#define NAME one\n',
      'b.s': '.globl b\nb:\n',
    },
    steps: [
      '$CC -c a.S',
      'echo "#define NAME two" > h.h; $CC -c a.S',
      '$CC -DX -c b.s',
      '$CC -g -c b.s',
      '$CC -x assembler-with-cpp -c b.s',
      '$CC -x assembler -c b.s',
    ],
  },
  {
    name: 'precompiled header is made and used',
    files: { 'a.c': '#include "p.h"\nint x = P;\n', 'p.h': '#define P 1\n' },
    steps: [
      '$CC -c p.h -o p.h.gch',
      '$CC -Winvalid-pch -c a.c',
      'echo "#define P 2" > p.h; $CC -c a.c 2>&1',
      '$CC -x c-header p.h -o p.h.gch',
      '$CC -c a.c 2>&1',
    ],
    changing: /\.gch$/,
    hits: { gcc: 5, clang: 3 },
  },
  {
    name: 'precompiled header appears later',
    files: { 'a.c': '#include "p.h"\nint x = P;\n', 'p.h': '#define P 1\n' },
    steps: [
      '$CC -c a.c',
      'echo "#define P 3" > q.h; $NAME -x c-header q.h -o p.h.gch; $CC -c a.c',
      'rm p.h.gch; $CC -c a.c',
      'mkdir p.h.gch; $NAME -x c-header p.h -o p.h.gch/x; $CC -c a.c',
    ],
    changing: /gch/,
    hits: { gcc: 2, clang: 4 },
  },
  {
    name: 'clang -include-pch',
    only: 'clang',
    files: { 'a.c': 'int x = P;\n', 'p.h': '#define P 1\n' },
    steps: [
      '$CC -x c-header p.h -o p.pch',
      '$CC -include-pch p.pch -c a.c',
      'touch -d 2001-01-01 p.h; $CC -include-pch p.pch -c a.c',
      '$CC -x c-header p.h -o p.pch; $CC -include-pch p.pch -c a.c',
      '$CC -include p.h -c a.c',
    ],
    changing: /pch$/,
    hits: 1,
    changingText: /\(was \d+/g,
  },
  {
    name: 'Objective-C',
    files: { 'a.m': 'int x;\n' },
    steps: ['$CC -c a.m', '$CC -x objective-c -c a.m -o b.o'],
    hits: 0,
  },
  {
    name: 'C++20 modules',
    files: {
      'm.cc': 'export module m;\nexport int f() { return 1; }\n',
      'a.cc': 'import m;\nint x = f();\n',
    },
    only: 'gcc',
    steps: ['$CXX -std=c++20 -fmodules-ts -c m.cc', '$CXX -std=c++20 -fmodules-ts -c a.cc'],
    changing: /gcm|\.o$/,
    hits: 0,
  },
  {
    name: 'clang modules',
    only: 'clang',
    files: {
      'a.c': '#include "m.h"\nint x = M;\n',
      'm.h': '#define M 1\n',
      'module.modulemap': 'module m { header "m.h" }\n',
    },
    steps: [
      '$CC -fmodules -fmodules-cache-path=c -I. -c a.c; rm -r c',
      '$CC -fmodule-map-file=module.modulemap -c a.c',
    ],
    hits: 0,
  },
  {
    name: 'options that do not exist',
    files,
    steps: [
      '$CC -c --no-such-option b.c',
      '$CC -c -fno-such-thing b.c',
      '$CC -Wno-such-warning -c b.c',
      '$CC -W-what -c b.c',
      '$CC -O9 -c b.c',
      '$CC -c -o',
      '$CC -c',
      '$CC',
    ],
    hits: { gcc: 2, clang: 3 },
  },
  {
    name: 'information',
    files,
    steps: [
      '$CC --version',
      '$CC -v 2>&1',
      '$CC -dumpmachine',
      '$CC -print-file-name=libc.so',
      '$CC -### -c b.c',
      '$CC -v -c b.c',
      '$CC -print-search-dirs',
      '$CC --help | head -3',
    ],
    changingText: /\/tmp\/[^ "]*/g,
    hits: 0,
  },
  {
    name: '-H',
    files: { 'a.c': '#include "h.h"\n', 'h.h': '#include <stddef.h>\n' },
    steps: ['$CC -H -c a.c', 'echo > h.h; $CC -H -c a.c'],
  },
  {
    name: 'names with spaces, quotes, newlines',
    files: { 'it\'s a "name".c': 'int x;\n', 'two\nlines.c': '#include "n\\n.h"\nint y;\n', 'n\\n.h': '' },
    steps: [
      '$CC -MD -c it*.c',
      '$CC -MD -c two*.c',
      '$CC -g -c "it\'s a \\"name\\".c" -o \'o\np.o\'',
      '$CC -c "$(printf \'two\\nlines.c\')"',
    ],
  },
  {
    name: 'a name with a leading dash',
    files: { '-a.c': 'int x;\n', 'd/-b.c': 'int y;\n' },
    steps: [
      '$CC -c ./-a.c',
      '$CC -c ./-a.c -o -b.o',
      '$CC -c -a.c 2>&1 | tail -1',
      'cd d; $CC -c ./-b.c',
      '$CC -c ./-a.c -o ./-c.o',
    ],
    hits: 4,
  },
  {
    name: 'names in UTF-8 and in no encoding',
    files: { 'ä€.c': 'const char *f = __FILE__;\n' },
    steps: [
      '$CC -MD -g -c ä€.c',
      '$CC -MD -c ä€.c -o ü.o',
      "cp ä€.c $(printf 'l\\344.c'); $CC -MD -g -c $(printf 'l\\344.c')",
      "cp ä€.c $(printf 'l\\345.c'); $CC -MD -g -c $(printf 'l\\345.c')",
      "$CC -DX=$(printf '\\344') -c ä€.c",
      "$CC -g3 -DX=$(printf '\\345') -c ä€.c",
    ],
    hits: 2,
  },
  {
    name: 'non-UTF-8 macro values',
    files: { 'a.c': 'const char *s = S;\n' },
    steps: ["$CC -DS='\"'$(printf '\\344')'\"' -c a.c", "$CC -DS='\"'$(printf '\\345')'\"' -c a.c"],
    hits: 0,
  },
  {
    name: 'two megabytes of arguments',
    files: { 'a.c': 'int x = N9999;\n' },
    steps: [
      '$CC $(seq -f "-DN%.0f=1" 1 60000) -c a.c',
      '$CC $(seq -f "-DN%.0f=1" 1 60000) -DQ -c a.c',
      '$CC $(seq -f "-DN%.0f=1" 1 99999) -c a.c',
    ],
    hits: { gcc: 0, clang: 2 },
  },
  {
    name: 'as many arguments as the system takes',
    files: { 'a.c': 'int x = N99999;\n' },
    steps: ['ulimit -s unlimited; $CC $(seq -f "-DN%.0f=1111111111111111111" 1 100150) -c a.c; true'],
    hits: 0,
  },
  {
    name: 'C++ with exceptions, templates and static constructors',
    files: {
      'a.cc':
        '#include <string>\nstatic std::string s = "x";\nnamespace { struct Y { ~Y(); }; Y::~Y() {} Y y; }\ntemplate <class T> T f(T t) { if (t == T()) throw t; return t; }\nint x = f(3);\n',
    },
    steps: [
      '$CXX -c a.cc',
      '$CXX -O2 -g -c $PWD/a.cc',
      '$CXX -fno-exceptions -c a.cc 2>&1; true',
      'cp a.cc b.cpp; $CXX -std=c++17 -MD -c b.cpp',
    ],
    hits: 3,
  },
  {
    name: 'the same folder by another path',
    files: { 'd/a.c': '#include "h.h"\nint x;\n', 'd/h.h': '' },
    steps: [
      '$CC -MD -c d/a.c',
      '$CC -MD -c d/../d/a.c',
      '$CC -MD -c $PWD/d/a.c',
      '$CC -MD -I d -I d/. -I $PWD/d -c d/a.c',
    ],
  },
  {
    name: 'a repository with its own root',
    files: {
      '.git/HEAD': '',
      'src/a.c': '#include "../inc/h.h"\nint x = H;\n',
      'inc/h.h': '#define H 1\n',
      'build/.keep': '',
    },
    steps: [
      'cd build; $CC -MD -c ../src/a.c',
      'R=$PWD; cd build; $CC -MD -c $R/src/a.c',
      'echo "#define H 2" > inc/h.h; cd build; $CC -g -MD -I$PWD -c ../src/a.c',
    ],
  },
];
