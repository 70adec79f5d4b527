// Scenarios: dependency files, by every option that makes one, and what they hold when headers move.
import type { Scenario } from '../../support/scenario.ts';

const files = {
  'src/a.c': '#include "h.h"\n#include <s.h>\nint x = N;\n',
  'inc/h.h': '#define N 1\n',
  'sys/s.h': '#define S 1\n',
};
const folders = '-Iinc -isystem sys';

export const depfileScenarios: readonly Scenario[] = [
  {
    name: '-MD and -MMD',
    files,
    steps: [
      `$CC ${folders} -MD -c src/a.c`,
      'rm a.d a.o',
      `$CC ${folders} -MMD -c src/a.c`,
      `$CC ${folders} -MD -c src/a.c -o b.o`,
    ],
  },
  {
    name: '-MMD, and the system header changes',
    files,
    steps: [
      `$CC ${folders} -MMD -c src/a.c`,
      'echo "#define S 2\nint s;" > sys/s.h',
      `$CC ${folders} -MMD -c src/a.c`,
    ],
  },
  {
    name: '-MD with -o in another folder',
    files,
    steps: [
      `mkdir out; $CC ${folders} -MD -c src/a.c -o out/a.o`,
      `mkdir out2; $CC ${folders} -MD -c src/a.c -o out2/a.o`,
      `$CC ${folders} -MD -c src/a.c -o out/b`,
    ],
  },
  {
    name: '-MF, -MT, -MQ, -MP',
    files,
    steps: [
      `$CC ${folders} -MD -MF x.dep -c src/a.c`,
      `$CC ${folders} -MD -MFy.dep -MT 'some target' -MP -c src/a.c`,
      `$CC ${folders} -MD -MF z.dep -MQ 'some $target' -MT b -c src/a.c`,
      `mkdir d; $CC ${folders} -MMD -MP -MF d/z.dep -MTa.o -c src/a.c -o a.o`,
    ],
  },
  {
    name: '-MF to the same file as before, another target',
    files,
    steps: [
      `$CC ${folders} -MD -MF x -MT one -c src/a.c`,
      `$CC ${folders} -MD -MF x -MT two -c src/a.c`,
      `$CC ${folders} -MD -MF x -MT one -c src/a.c`,
    ],
  },
  {
    name: '-MF without -MD, /dev/null, missing folder',
    files,
    steps: [
      `$CC ${folders} -MF x -c src/a.c`,
      `$CC ${folders} -MD -MF /dev/null -c src/a.c`,
      `$CC ${folders} -MD -MF missing/x -c src/a.c`,
      `$CC ${folders} -MD -MF - -c src/a.c`,
    ],
    hits: { gcc: 2, clang: 3 },
  },
  {
    name: '-M, -MM, -MG',
    files,
    steps: [
      `$CC ${folders} -M src/a.c | grep -v usr`,
      `$CC ${folders} -MM src/a.c`,
      `$CC ${folders} -MM -MF out src/a.c`,
      'echo "#include \\"not.h\\"" > src/a.c; $CC -MM -MG src/a.c',
    ],
    hits: 0,
  },
  {
    name: '-Wp,-MD and -Wp,-MMD',
    files,
    steps: [
      `$CC ${folders} -Wp,-MD,x.d -c src/a.c`,
      `$CC ${folders} -Wp,-MMD,y.d -c src/a.c`,
      `$CC ${folders} -Wp,-MMD,y.d,-MT,foo,-MP -c src/a.c`,
      'echo "#define N 2" > inc/h.h',
      `$CC ${folders} -Wp,-MD,x.d -c src/a.c`,
    ],
    hits: { gcc: 4, clang: 4 },
  },
  {
    name: 'a header renamed in the depfile only',
    files: { 'a.c': '#include H\nint x = N;\n', 'one.h': '#define N 1\n', 'two.h': '#define N 1\n' },
    steps: [
      '$CC -MD \'-DH="one.h"\' -c a.c',
      '$CC -MD \'-DH="two.h"\' -c a.c',
      "$CC -MD -DH='<./two.h>' -I. -c a.c",
    ],
  },
  {
    name: 'same bytes found in another folder',
    files: { 'a.c': '#include <h.h>\nint x = N;\n', 'one/h.h': '#define N 1\n', 'two/h.h': '#define N 1\n' },
    steps: [
      '$CC -MD -Ione -Itwo -c a.c',
      'rm one/h.h',
      '$CC -MD -Ione -Itwo -c a.c',
      'cp two/h.h one; $CC -MD -Ione -Itwo -c a.c',
    ],
  },
  {
    name: 'names with spaces, dollars, hashes and colons',
    files: { 'a b.c': '#include "h $x#y.h"\nint x = N;\n', 'h $x#y.h': '#define N 1\n', 'c:d.c': 'int x;\n' },
    steps: [
      "$CC -MD -MP -c 'a b.c'",
      "$CC -MD -c 'a b.c' -o 'o $p#q.o'",
      "$CC -MMD -c 'c:d.c'",
      "$CC -MD -MF 'd e' -c 'a b.c'",
    ],
  },
  {
    name: 'long lines of a depfile',
    files: {
      'a.c':
        '#include "a/rather/long/name/of/a/folder/first.h"\n#include "a/rather/long/name/of/a/folder/second.h"\n',
      'a/rather/long/name/of/a/folder/first.h': '',
      'a/rather/long/name/of/a/folder/second.h': '',
    },
    steps: ['$CC -MD -c a.c', '$CC -MD -MP -c $PWD/a.c', 'mkdir o; cd o; $CC -MD -I$OLDPWD -I.. -c ../a.c'],
  },
  {
    name: 'depfile of a compile that fails',
    files: { 'a.c': '#include "h.h"\nint x = N\n', 'h.h': '#define N 1\n' },
    steps: ['$CC -MD -c a.c', 'echo "#define N 1;" > h.h', '$CC -MD -c a.c', '$CC -MD -MF x.d -c none.c'],
    hits: 1,
  },
  {
    name: 'a depfile that was there before',
    files: { 'a.c': 'int x;\n' },
    steps: [
      'echo old > a.d; chmod 600 a.d; $CC -MD -c a.c',
      'rm a.d; ln -s elsewhere a.d; $CC -MD -c a.c',
      'rm a.d; ln elsewhere a.d; $CC -MD -c a.c',
      'rm a.d; echo old > a.d; chmod 755 a.d; $CC -MD -c a.c',
    ],
    hits: 4,
  },
  {
    name: 'a system header reached through a symlink',
    files: { 'a.c': '#include <s.h>\n', 'v1/s.h': 'int x;\n', 'v2/s.h': 'int x;\n' },
    steps: [
      'ln -s v1 sys; $CC -MD -isystem sys -c a.c',
      'ln -sfn v2 sys; $CC -MD -isystem sys -c a.c',
      'ln -sfn v1 sys; $CC -MD -isystem sys -c a.c',
    ],
  },
  {
    name: 'an absolute system folder reached through a symlink',
    files: { 'a.c': '#include <s.h>\n', 'v1/s.h': 'int x;\n', 'w2/s.h': 'int x;\n' },
    steps: [
      'ln -s v1 a-rather-long-name; $CC -MD -isystem $PWD/a-rather-long-name -c a.c',
      'ln -sfn w2 a-rather-long-name; $CC -MD -isystem $PWD/a-rather-long-name -c a.c',
      'ln -sfn v1 a-rather-long-name; $CC -MD -isystem $PWD/a-rather-long-name -c a.c',
    ],
  },
];
