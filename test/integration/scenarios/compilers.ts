// Scenarios: compilers that change, stand behind links and scripts, or are found in other ways.
import type { Scenario } from '../../support/scenario.ts';

const files = { 'a.c': 'int x = sizeof(long);\n' };

export const compilerScenarios: readonly Scenario[] = [
  {
    name: 'compiler by its absolute path',
    files,
    steps: [`$LAUNCHER $REAL -c a.c`, `$LAUNCHER $REAL -c a.c`, '$CC -c a.c'],
    hits: 3,
  },
  {
    name: 'cc and c++',
    files,
    steps: ['$CC -c a.c; $LAUNCHER cc -Wall -c a.c', '$LAUNCHER c++ -c a.c'],
    only: 'gcc',
    hits: 3,
  },
  {
    name: 'compiler through a symlink that is retargeted',
    files,
    steps: [
      `ln -s $REAL my-gcc; $LAUNCHER ./my-gcc -c a.c`,
      `O=$(command -v clang || command -v gcc); ln -sf $O my-gcc; $LAUNCHER ./my-gcc -c a.c`,
      `ln -sf $REAL my-gcc; $LAUNCHER ./my-gcc -c a.c`,
    ],
    hits: 3,
  },
  {
    name: 'compiler is a script that adds an option',
    files,
    steps: [
      `printf '#!/bin/sh\\nexec %s -DQ "$@"\\n' $REAL > gcc; chmod +x gcc; $LAUNCHER ./gcc -c a.c`,
      `printf '#!/bin/sh\\nexec %s -g "$@"\\n' $REAL > gcc; $LAUNCHER ./gcc -c a.c`,
    ],
    hits: 0,
  },
  {
    name: 'compiler on PATH is a script',
    files,
    steps: [
      `mkdir bin; printf '#!/bin/sh\\nexec %s -g "$@"\\n' $REAL > bin/$NAME; chmod +x bin/*; PATH=$PWD/bin:$PATH $CC -c a.c`,
      `printf '#!/bin/sh\\nexec %s -O2 "$@"\\n' $REAL > bin/$NAME; PATH=$PWD/bin:$PATH $CC -c a.c`,
    ],
    hits: 0,
  },
  {
    name: 'compiler is a copy with other bytes',
    files,
    only: 'gcc',
    steps: [
      `cp $REAL gcc-copy; sleep 0.02; $LAUNCHER ./gcc-copy -B /usr/lib/gcc/x86_64-linux-gnu/12/ -c a.c`,
      `echo more >> gcc-copy; $LAUNCHER ./gcc-copy -B /usr/lib/gcc/x86_64-linux-gnu/12/ -c a.c`,
    ],
    hits: 0,
  },
  {
    name: 'compiler named by another target',
    files,
    only: 'clang',
    steps: [
      `ln -s $REAL i686-linux-gnu-clang; $LAUNCHER ./i686-linux-gnu-clang -c a.c`,
      `ln -s $REAL x86_64-linux-gnu-clang; $LAUNCHER ./x86_64-linux-gnu-clang -c a.c`,
      `ln -s $REAL aarch64-linux-gnu-clang++; $LAUNCHER ./aarch64-linux-gnu-clang++ -c a.c`,
      '$CC -c a.c',
    ],
    hits: 4,
  },
  {
    name: 'compiler that is missing, a folder, not executable',
    files,
    steps: [
      `$LAUNCHER ./none -c a.c; echo $?`,
      `mkdir gcc; $LAUNCHER ./gcc -c a.c; echo $?`,
      `echo x > clang; $LAUNCHER ./clang -c a.c; echo $?`,
      `$LAUNCHER no-such-compiler -c a.c; echo $?`,
    ],
    changingText: /.*/g,
    hits: 0,
  },
  {
    name: '-B with an assembler of its own',
    files: { ...files, 'b/as': '#!/bin/sh\necho "mine" >&2\nexec /usr/bin/as "$@"\n' },
    steps: ['$CC -Bb -c a.c', 'chmod +x b/as; $CC -Bb -c a.c', 'rm b/as; $CC -Bb -c a.c'],
    hits: { gcc: 1, clang: 3 },
  },
  {
    // A program that changed a moment before the compile began could have changed after it: such a result is not kept.
    name: '-B with an assembler that is a program',
    files,
    only: 'gcc',
    steps: [
      'mkdir b; cp /usr/bin/as b; sleep 0.02; $CC -Bb -c a.c',
      '$CC -Bb/ -c a.c',
      'cp /usr/bin/ld b/as; sleep 0.02; $CC -Bb/ -c a.c 2>&1 | head -1; true',
      'cp /usr/bin/as b; sleep 0.02; $CC -Bb/ -c a.c',
    ],
    hits: 3,
  },
  {
    name: '-specs',
    only: 'gcc',
    files: { ...files, s: '*cc1:\n+ -DS=1\n', 'b.c': 'int x = S;\n' },
    steps: [
      '$CC -specs=s -c b.c',
      "printf '*cc1:\\n+ -DS=2\\n' > s; $CC -specs=s -c b.c",
      '$CC -specs=none -c b.c',
    ],
    hits: 2,
  },
  {
    name: 'plugin that is not there',
    files,
    steps: ['$CC -fplugin=./none.so -c a.c', '$CC -fplugin=none -c a.c'],
    hits: 0,
  },
  {
    name: 'through the shims on PATH',
    files,
    steps: [
      '$NAME -c a.c',
      'PATH=$P2PCACHE_SHIMS:$PATH $NAME -c a.c',
      'PATH=$P2PCACHE_SHIMS:$PATH $NAME -v 2>&1',
    ],
    hits: 1,
  },
  {
    name: 'p2pcache and another cache in one line',
    needs: 'command -v ccache',
    files,
    steps: [
      'mkdir -p c; CCACHE_DIR=$PWD/../c $CC -c a.c',
      'export CCACHE_DIR=$PWD/../c; PATH=/usr/lib/ccache:$PATH $CC -c a.c',
      'export CCACHE_DIR=$PWD/../c; ccache $CC -c a.c',
    ],
    hits: 1,
  },
  {
    name: 'a compiler that calls the compiler',
    files,
    steps: [
      `mkdir bin; printf '#!/bin/sh\\n$NAME "$@"\\n' > my-gcc; chmod +x my-gcc; $LAUNCHER ./my-gcc -c a.c; echo $?`,
    ],
    hits: 0,
  },
  {
    name: 'GNU make with a job server',
    files: { ...files, 'b.c': 'int y;\n', Makefile: 'all: a.o b.o\n%.o: %.c\n\t+@$(CC) -c $<\n' },
    needs: 'command -v make',
    steps: [
      'make -s -j2 CC="$CC"',
      'rm *.o; make -s -j2 CC="$CC"',
      'make -s CC="$CC"; touch a.c; make -s CC="$CC"',
    ],
    hits: 5,
  },
];
