// Scenarios: where outputs go, what stands there already, and with which mode they are made.
import type { Scenario } from '../../support/scenario.ts';

const files = { 'src/a.c': 'int x = 1;\n', 'src/b.c': 'int y = 2;\n' };

export const outputScenarios: readonly Scenario[] = [
  {
    name: 'no -o: the object in the working folder',
    files,
    steps: ['$CC -c src/a.c', 'cd src; $CC -c a.c', 'mkdir o; cd o; $CC -c ../src/a.c'],
  },
  {
    name: '-o, joined and not',
    files,
    steps: [
      '$CC -c src/a.c -o x.o',
      '$CC -c src/a.c -oy.o',
      '$CC -o z.o -c src/a.c',
      '$CC -c -o $PWD/x.o src/a.c',
      '$CC -c src/a.c -o ./w',
    ],
  },
  {
    name: '-o of another source',
    files,
    steps: ['$CC -c src/a.c -o o.o', '$CC -c src/b.c -o o.o', '$CC -c src/a.c -o o.o'],
  },
  { name: '-o given twice', files, steps: ['$CC -c src/a.c -o x.o -o y.o'] },
  {
    name: '-o /dev/null',
    files,
    steps: ['$CC -c src/a.c -o /dev/null', '$CC -S src/a.c -o /dev/null', '$CC -c src/b.c -o /dev/null'],
  },
  {
    name: '-o /dev/stdout',
    files,
    steps: [
      '$CC -S src/a.c -o /dev/stdout',
      '$CC -S src/a.c -o /dev/stdout > out; cat out',
      '$CC -S src/a.c -o /dev/fd/1 | cat',
    ],
    hits: 0,
  },
  {
    name: '-o to a missing folder',
    files,
    steps: [
      '$CC -c src/a.c -o no/a.o',
      'mkdir no; $CC -c src/a.c -o no/a.o',
      'rm -r no; $CC -MD -c src/a.c -o no/a.o',
      'mkdir no; $CC -MD -c src/a.c -o no/a.o',
      'rm -r no; $CC -MD -MF x.d -c src/a.c -o no/a.o',
    ],
    hits: 2,
  },
  {
    name: '-o to a folder',
    files,
    steps: [
      '$CC -c src/a.c -o src',
      '$CC -c src/a.c -o src/',
      'mkdir a.o; $CC -c src/a.c',
      'rmdir a.o; $CC -c src/a.c',
      'rm a.o; mkdir a.o; $CC -c src/a.c',
    ],
    hits: 1,
  },
  {
    name: 'read-only output',
    files,
    steps: ['$CC -c src/a.c; chmod 444 a.o', '$CC -c src/b.c -o a.o', 'chmod 400 a.o; $CC -S src/b.c -o a.o'],
    hits: 3,
  },
  {
    name: 'immutable output and folder',
    files,
    needs: 'touch p2p-im && chattr +i p2p-im && chattr -i p2p-im; r=$?; rm -f p2p-im; exit $r',
    steps: [
      '$CC -MD -c src/a.c',
      'chattr +i a.o; $CC -MD -c src/a.c; chattr -i a.o',
      'chattr +i a.d; $CC -MD -c src/a.c; chattr -i a.d',
      'rm a.o; mkdir d; chattr +i d; $CC -MD -c src/a.c -o d/a.o; chattr -i d',
      'mkdir e; $CC -MD -c src/a.c -o e/a.o; chattr +i e; $CC -MD -c src/a.c -o e/a.o; chattr -i e',
    ],
    hits: 2,
  },
  {
    name: 'output is a symlink',
    files,
    steps: [
      'touch t; ln -s t a.o; $CC -c src/a.c',
      'rm -f a.o; echo full > t; ln -s t a.o; $CC -c src/a.c',
      'rm -f a.o; ln -s none a.o; $CC -c src/a.c',
      'rm -f a.s; echo x > t; ln -s t a.s; $CC -S src/a.c',
      'rm -f a.o; ln -s /dev/null a.o; $CC -c src/a.c',
    ],
    hits: 4,
  },
  {
    name: 'output is a hard link',
    files,
    steps: [
      'echo full > t; ln t a.o; $CC -c src/a.c',
      'echo full > u; ln u a.s; $CC -S src/a.c',
      '> v; ln v b.o; $CC -c src/b.c; cat v | wc -c',
    ],
    hits: 3,
  },
  {
    name: 'output is executable',
    files,
    steps: [
      '$CC -c src/a.c; chmod 755 a.o',
      '$CC -c src/b.c -o a.o',
      '$CC -S src/a.c; chmod 751 a.s',
      '$CC -S src/b.c -o a.s',
      'rm a.s; $CC -S src/b.c -o a.s',
      '> e.o; chmod 711 e.o; $CC -c src/a.c -o e.o',
      'rm e.o; $CC -c src/a.c -o e.o',
    ],
    hits: 7,
  },
  {
    name: 'output is a fifo',
    files,
    steps: ['mkfifo a.s; (cat a.s > got &); $CC -S src/a.c; sleep 0.1'],
    hits: 0,
  },
  {
    name: 'output of other sizes stands there',
    files,
    steps: ['seq 1 9999 > a.o; $CC -c src/a.c', 'seq 1 9999 > a.s; $CC -S src/a.c', '> a.o; $CC -c src/a.c'],
  },
  {
    name: 'umask 077, 000, 027, 777',
    files,
    steps: [
      'umask 077; $CC -MD -c src/a.c',
      'rm a.*; umask 000; $CC -MD -c src/a.c',
      'rm a.*; umask 027; $CC -MD -S src/a.c',
      'rm a.*; umask 777; $CC -MD -c src/a.c',
      'rm -f a.*; umask 022; $CC -g -gsplit-dwarf -c src/a.c',
      'rm a.*; umask 077; $CC -g -gsplit-dwarf -c src/a.c',
    ],
  },
  {
    name: 'umask that differs from the output there',
    files,
    steps: [
      'umask 077; $CC -c src/a.c',
      'umask 022; $CC -c src/a.c',
      'umask 077; $CC -S src/a.c',
      'umask 000; $CC -S src/a.c',
    ],
    hits: 4,
  },
  {
    name: 'output replaced while it is open',
    files,
    steps: ['$CC -c src/a.c', 'exec 3< a.o; $CC -c src/b.c -o a.o; md5sum <&3'],
  },
  {
    name: 'output deleted between',
    files,
    steps: [
      '$CC -MD -c src/a.c',
      'rm a.o; $CC -MD -c src/a.c',
      'rm a.d; $CC -MD -c src/a.c',
      'rm a.*; $CC -MD -c src/a.c',
    ],
  },
  {
    name: 'output named like no object',
    files,
    steps: [
      '$CC -c src/a.c -o prog',
      '$CC -c src/a.c -o .o',
      '$CC -c src/a.c -o a.b.c.lo',
      '$CC -S src/a.c -o x.o',
      '$CC -c src/a.c -o x.s',
    ],
  },
  {
    name: 'output through a folder symlink',
    files,
    steps: [
      'mkdir real; ln -s real l; $CC -MD -c src/a.c -o l/a.o',
      'mkdir other; ln -sfn other l; $CC -MD -c src/a.c -o l/a.o',
    ],
  },
  {
    name: 'output over the source',
    files,
    steps: [
      'cp src/a.c c.c; $CC -c c.c -o c.c; head -c 20 c.c | wc -l',
      'cp src/a.c d.c; $CC -MD -MF d.c -c d.c',
      'cp src/a.c e.c; $CC -S e.c -o ./e.c',
    ],
    hits: 0,
  },
  {
    name: 'output over a header',
    files: { 'a.c': '#include "h.h"\n', 'h.h': 'int h;\n' },
    steps: ['$CC -MD -MF h.h -c a.c', '$CC -MD -MF ./h.h -c a.c'],
    hits: 0,
  },
  {
    name: 'set-group-id folder',
    files,
    steps: [
      'mkdir g; chmod 2775 g; chgrp 4242 g 2>/dev/null; $CC -c src/a.c -o g/a.o; stat -c %g g/a.o',
      'rm g/a.o; $CC -c src/a.c -o g/a.o; stat -c %g g/a.o',
    ],
  },
];
