// Scenarios: environment variables that compilers read, the working folder's spellings, and time.
import type { Scenario } from '../../support/scenario.ts';

const files = {
  'a.c': '#include <h.h>\nint x = N;\n',
  'one/h.h': '#define N 1\n',
  'two/h.h': '#define N 2\n',
};
const warning = { 'a.c': "int f(void) { int unused; return 'ab'; }\n" };

export const environmentScenarios: readonly Scenario[] = [
  {
    name: 'CPATH',
    files,
    steps: [
      'CPATH=one $CC -c a.c',
      'CPATH=two $CC -c a.c',
      'CPATH=two:one $CC -c a.c',
      'CPATH= $CC -Ione -c a.c',
      '$CC -Ione -c a.c',
    ],
  },
  {
    name: 'C_INCLUDE_PATH, CPLUS_INCLUDE_PATH',
    files: { ...files, 'a.cc': '#include <h.h>\nint x = N;\n' },
    steps: [
      'C_INCLUDE_PATH=one $CC -c a.c',
      'C_INCLUDE_PATH=two $CC -c a.c',
      'CPLUS_INCLUDE_PATH=one $CXX -c a.cc',
      'CPLUS_INCLUDE_PATH=two $CXX -c a.cc',
      'C_INCLUDE_PATH=one CPLUS_INCLUDE_PATH=two $CXX -c a.cc',
    ],
  },
  {
    name: 'COMPILER_PATH with an assembler',
    files: { 'a.c': 'int x;\n', 'bin/as': '#!/bin/sh\necho own as >&2\nexec /usr/bin/as "$@"\n' },
    steps: [
      '$CC -c a.c',
      'chmod +x bin/as; COMPILER_PATH=$PWD/bin $CC -c a.c',
      'COMPILER_PATH=$PWD/none $CC -c a.c',
    ],
    hits: { gcc: 2, clang: 3 },
  },
  {
    name: 'PATH with another assembler before the one that ran',
    files: {
      'a.c': 'int x;\n',
      'bin/as': '#!/bin/sh\necho own as >&2\nexec /usr/bin/as --defsym own=1 "$@"\n',
      'bin/cc1': '#!/bin/sh\necho own cc1 >&2\nexit 1\n',
    },
    steps: [
      '$CC -c a.c',
      'chmod +x bin/as; PATH=$PWD/bin:$PATH $CC -c a.c',
      '$CC -c a.c',
      'mkdir none; PATH=$PWD/none:$PATH $CC -c a.c',
      'PATH=/bin:/usr/bin $CC -c a.c',
    ],
    hits: { gcc: 4, clang: 5 }, // an assembler that is a script is not cached
  },
  {
    name: 'DEPENDENCIES_OUTPUT, SUNPRO_DEPENDENCIES',
    files,
    steps: [
      'DEPENDENCIES_OUTPUT=d $CC -Ione -c a.c',
      'DEPENDENCIES_OUTPUT="d target" $CC -Ione -c a.c',
      'SUNPRO_DEPENDENCIES=s $CC -Ione -c a.c',
      'SUNPRO_DEPENDENCIES=s $CC -Ione -c a.c',
      '$CC -Ione -c a.c',
    ],
    hits: { gcc: 1, clang: 5 },
  },
  {
    name: 'TMPDIR that is missing',
    files: { 'a.c': 'int x;\n' },
    steps: [
      '$CC -c a.c',
      'TMPDIR=$PWD/none $CC -c a.c',
      'mkdir tmp; TMPDIR=$PWD/tmp $CC -c a.c',
      'TMPDIR=$PWD/tmp $CC -c a.c',
      'TMPDIR= $CC -c a.c',
      'TMPDIR=relative $CC -c a.c',
    ],
  },
  {
    name: 'TMPDIR that is missing, for an assembler of its own',
    only: 'clang',
    files: { 'a.c': 'int x;\n' },
    steps: [
      '$CC -fno-integrated-as -c a.c',
      'TMPDIR=$PWD/none $CC -fno-integrated-as -c a.c 2>&1 | sed s/a-.*\\.s/a.s/',
    ],
    hits: 1,
  },
  {
    name: 'PWD: absent, wrong, through a symlink',
    files: { 'd/a.c': 'int x;\n' },
    steps: [
      'cd d; $CC -g -c a.c',
      'cd d; env -u PWD $CC -g -c a.c',
      'cd d; PWD=/ $CC -g -c a.c',
      'ln -s d l; cd l; $CC -g -c a.c',
      'cd d; P=$(dirname $PWD); PWD=$P/l $CC -g -c a.c',
      'cd d; PWD=. $CC -g -c a.c',
    ],
  },
  {
    name: 'environment without PATH and HOME',
    files: { 'a.c': 'int x;\n' },
    steps: [
      'env -u HOME $CC -c a.c',
      'env -u PATH -u HOME $LAUNCHER $REAL -c a.c 2>&1 | sed "s/.*not found/not found/"',
    ],
    hits: { gcc: 1, clang: 2 }, // without PATH, gcc tries to run an assembler in the working folder
  },
  {
    name: 'LANG and LC_ALL',
    files: warning,
    steps: [
      'LANG=C $CC -Wall -c a.c',
      'LC_ALL=C.UTF-8 $CC -Wall -c a.c',
      'LC_ALL=POSIX LANG=de_DE $CC -Wall -c a.c',
      'LC_MESSAGES=C.UTF-8 $CC -Wall -c a.c',
      'LC_CTYPE=C.UTF-8 LANGUAGE=de $CC -Wall -c a.c',
    ],
  },
  {
    name: 'GCC_COLORS, NO_COLOR, TERM, COLUMNS',
    files: warning,
    steps: [
      '$CC -Wall -fdiagnostics-color=always -c a.c',
      "GCC_COLORS='warning=01;34' $CC -Wall -fdiagnostics-color=always -c a.c",
      'GCC_COLORS= $CC -Wall -fdiagnostics-color=always -c a.c',
      'TERM=dumb $CC -Wall -fdiagnostics-color=always -c a.c',
      'NO_COLOR=1 $CC -Wall -fdiagnostics-color=always -c a.c',
      'COLUMNS=20 $CC -Wall -c a.c',
      'TERM=xterm $CC -Wall -fdiagnostics-color=auto -c a.c',
      'CLICOLOR_FORCE=1 $CC -Wall -c a.c',
    ],
  },
  {
    name: 'GCC_URLS, TERM_URLS',
    only: 'gcc',
    files: warning,
    steps: [
      '$CC -Wall -fdiagnostics-urls=always -c a.c',
      'TERM_URLS=st $CC -Wall -fdiagnostics-urls=always -c a.c',
      'GCC_URLS=bel $CC -Wall -fdiagnostics-urls=auto -c a.c',
      'GCC_EXTRA_DIAGNOSTIC_OUTPUT=fixits-v1 $CC -Wall -c a.c',
    ],
  },
  {
    name: 'SOURCE_DATE_EPOCH',
    files: { 'a.c': 'const char *s = __DATE__ " " __TIME__;\n' },
    only: 'gcc',
    steps: [
      'SOURCE_DATE_EPOCH=0 $CC -c a.c',
      'SOURCE_DATE_EPOCH=86400 $CC -c a.c',
      'SOURCE_DATE_EPOCH=0 $CC -c a.c',
      'SOURCE_DATE_EPOCH=x $CC -c a.c',
    ],
    hits: 3,
  },
  {
    name: '__DATE__',
    files: { 'a.c': '#include "d.h"\n', 'd.h': 'const char *s = __DATE__;\n' },
    steps: ['$CC -c a.c', '$CC -c a.c'],
    hits: 0,
  },
  {
    name: '__DATE__ and __TIME__ under a clock that goes',
    needs: 'command -v faketime',
    files: { 'a.c': 'const char *s = __DATE__ __TIME__;\n' },
    steps: ['faketime "2020-01-01 10:00:00" $CC -c a.c', 'faketime "2021-02-03 11:00:00" $CC -c a.c'],
    hits: 0,
    changing: /\.o$/, // the seconds go on
  },
  {
    name: '__TIME__ in a header, by pasting',
    files: {
      'a.c': '#include "d.h"\n',
      'd.h': '#define P(a, b) a##b\n#define Q(a, b) P(a, b)\nconst char *s = Q(__TI, ME__);\n',
    },
    steps: ['$CC -c a.c', '$CC -c a.c'],
    changing: /\.o$/,
    hits: 0,
  },
  {
    name: '__DATE__ mentioned and not used',
    files: {
      'a.c': '// __DATE__ __TIME__\n#define D __DATE__\n#ifdef NEVER\nconst char *s = D;\n#endif\nint x;\n',
    },
    steps: ['$CC -c a.c', '$CC -c a.c'],
  },
  {
    name: '__DATE__ redefined on the command line',
    files: { 'a.c': 'const char *s = __DATE__;\n' },
    steps: [
      '$CC -Wno-builtin-macro-redefined -D__DATE__=\'"now"\' -c a.c',
      '$CC -Wno-builtin-macro-redefined -D__DATE__=\'"then"\' -c a.c',
    ],
  },
  {
    name: '__TIMESTAMP__',
    files: { 'a.c': 'const char *s = __TIMESTAMP__;\n' },
    steps: [
      'touch -d 2001-01-01T00:00:00 a.c; $CC -c a.c',
      'touch -d 2002-02-02T00:00:00 a.c; $CC -c a.c',
      'touch -d 2001-01-01T00:00:00 a.c; $CC -c a.c',
    ],
  },
  {
    name: '__TIMESTAMP__ of a header',
    files: {
      'a.c': '#include "h.h"\n',
      'h.h': '#define P(a, b) a##b\nconst char *s = P(__TIME, STAMP__);\n',
    },
    steps: [
      'touch -d 2001-01-01T00:00:00 h.h a.c; $CC -c a.c',
      'touch -d 2002-02-02T00:00:00 h.h; $CC -c a.c',
      'touch -d 2003-03-03T00:00:00 a.c; $CC -c a.c',
      'touch -d 2001-01-01T00:00:00 h.h; cp a.c b.c; $CC -MD -c $PWD/b.c',
      'TZ=:Europe/Berlin $CC -c a.c; TZ=UTC-5 $CC -c a.c; TZ= $CC -c a.c',
    ],
  },
  {
    name: 'TZ',
    files: { 'a.c': 'const char *s = __TIMESTAMP__;\n', 'b.c': 'int x;\n' },
    steps: [
      'touch -d 2001-01-01T00:00:00Z a.c; TZ=UTC $CC -c a.c',
      'TZ=Asia/Tokyo $CC -c a.c',
      'TZ=UTC $CC -c b.c',
      'TZ=Asia/Tokyo $CC -c b.c',
    ],
  },
  {
    name: '__FILE__: relative, absolute, #line',
    files: {
      'd/a.c':
        '#include <assert.h>\nconst char *f = __FILE__;\nint s[sizeof(__FILE__)];\nvoid g(int x) { assert(x); }\n#line 7 "elsewhere.c"\nconst char *e = __FILE__;\n',
    },
    steps: [
      '$CC -c d/a.c',
      '$CC -c $PWD/d/a.c',
      '$CC -c ./d/a.c',
      'cd d; $CC -c a.c -o ../a.o',
      'cp -r d ee; $CC -c ee/a.c',
    ],
  },
  {
    name: '__COUNTER__, __LINE__, __BASE_FILE__, __INCLUDE_LEVEL__',
    files: {
      'a.c': '#include "h.h"\nint c = __COUNTER__ + __LINE__;\n',
      'h.h': 'const char *b = __BASE_FILE__;\nint i = __COUNTER__ * 2;\n',
    },
    steps: [
      '$CC -c a.c',
      'cp a.c b.c; $CC -c b.c',
      'echo "const char *b = __BASE_FILE__;" > h.h; $CC -c a.c',
    ],
  },
  {
    name: 'unrelated variables',
    files: { 'a.c': 'int x;\n' },
    steps: [
      'FOO=1 $CC -c a.c',
      'FOO=2 BAR=3 $CC -c a.c',
      'MAKEFLAGS=-j8 USER=me $CC -c a.c',
      "NEWLINE='a\nb' $CC -c a.c",
    ],
  },
  {
    name: 'GCC_EXEC_PREFIX',
    only: 'gcc',
    files: { 'a.c': 'int x;\n' },
    steps: [
      '$CC -c a.c',
      'GCC_EXEC_PREFIX=/usr/lib/gcc/ $CC -c a.c',
      'GCC_EXEC_PREFIX=/nonexistent/ $CC -c a.c 2>&1',
    ],
    hits: { gcc: 2, clang: 3 },
  },
  {
    name: 'LIBRARY_PATH, LD_LIBRARY_PATH, LD_PRELOAD',
    files: { 'a.c': 'int x;\n' },
    steps: [
      'LIBRARY_PATH=/tmp $CC -c a.c',
      'LD_LIBRARY_PATH=/nonexistent $CC -c a.c',
      'mkdir l; LD_LIBRARY_PATH=$PWD/l $CC -c a.c',
      'LD_PRELOAD= $CC -c a.c',
    ],
  },
  {
    name: 'a folder put first in LD_LIBRARY_PATH gets a broken library',
    files: { 'a.c': 'int x;\n' },
    steps: [
      'mkdir l; LD_LIBRARY_PATH=$PWD/l $CC -c a.c',
      'for n in libmpc.so.3 libclang-cpp.so.14; do echo broken > l/$n; done; LD_LIBRARY_PATH=$PWD/l $CC -c a.c 2>&1',
    ],
    hits: 1,
  },
  {
    name: 'LD_PRELOAD of a library that pretends',
    files: {
      'a.c': 'const char *s = __TIMESTAMP__;\n',
      'p.c':
        '#include <time.h>\nstruct tm *localtime(const time_t *t) { (void)t; time_t zero = 0; return gmtime(&zero); }\n',
    },
    steps: [
      'cc -shared -fPIC p.c -o p.so && rm p.c',
      'touch -d 2001-01-01T00:00:00 a.c; LD_PRELOAD=$PWD/p.so $CC -c a.c',
      '$CC -c a.c',
      'touch -d 2001-01-02T00:00:00 a.c; LD_PRELOAD=$PWD/p.so $CC -c a.c',
    ],
    changing: /p\.so/,
  },
  {
    name: 'CCC_OVERRIDE_OPTIONS',
    only: 'clang',
    files: { 'a.c': 'int f(int n) { return n * 3; }\n' },
    steps: [
      '$CC -c a.c',
      'CCC_OVERRIDE_OPTIONS="#+-DX=1 +-O2" $CC -c a.c',
      'CCC_OVERRIDE_OPTIONS="# O3" $CC -O1 -c a.c',
      '$CC -O1 -c a.c',
    ],
  },
];
