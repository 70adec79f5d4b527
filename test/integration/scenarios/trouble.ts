// Scenarios: signals, limits, full disks, closed streams, and files that change while they are compiled.
import type { Scenario } from '../../support/scenario.ts';

const files = { 'a.c': 'int f(void) { int unused; return 1; }\n' };

/** A source that takes about 4 ms of -O1 for each of its functions. */
const slowFiles = (functions: number) => ({
  'slow.c':
    '#include "late.h"\nextern volatile int v;\n#define S if (v > n) n += v; else v = n;\n' +
    '#define F(a) int f##a(int n) { S S S S S S return n + LATE; }\n' +
    Array.from({ length: functions }, (_, i) => `F(${i})\n`).join(''),
  'late.h': '#define LATE 1\n',
});
/** Long enough to be met in the middle of it. */
const slow = slowFiles(100);
/** Long enough to be killed in the middle of it. */
const long = slowFiles(300);
/** Never comes to its end: it is killed first. */
const endless = slowFiles(1500);
/** A compile that keeps its temporary files: it has read everything once the second of them is there. */
const saving = (compiler: string) => `${compiler} -O1 -save-temps -c slow.c`;
const started = (compiler: string) =>
  `${saving(compiler)} & for i in $(seq 500); do [ -e slow.s ] || [ -e slow.bc ] && break; sleep 0.02; done`;
/** A line after which whatever it killed may go on: waits until every process that it started is gone, then cleans up. */
const killing = (line: string) =>
  `exec 2> /dev/null 9> ../lock; flock -s 9; ${line}; echo $?; exec 9>&-; flock ../lock true; rm -f slow.[iso] slow.bc *.tmp`;

export const troubleScenarios: readonly Scenario[] = [
  {
    name: 'SIGTERM in the middle',
    files: long,
    steps: [killing(`${started('$CC')}; kill -TERM $!; wait $!`), '$CC -O0 -c slow.c'],
    hits: 1,
  },
  {
    name: 'SIGINT in the middle',
    files: endless,
    // a shell has its background jobs ignore SIGINT: another program has to send it
    steps: [killing('timeout -s INT 0.5 $CC -O3 -c slow.c')],
    hits: 0,
  },
  {
    name: 'an alarm in the middle, and SIGINT to the compiler alone',
    files: long,
    steps: [
      killing(`perl -MTime::HiRes=alarm -e 'alarm 0.3; exec @ARGV' $CC -O3 -c slow.c`),
      killing(
        `perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' $CC -O3 -c slow.c & sleep 0.3; kill -INT $!; wait $!`,
      ),
    ],
    hits: 0,
  },
  {
    name: 'SIGHUP and SIGKILL in the middle',
    files: long,
    steps: [
      killing(`${started('$CC')}; kill -HUP $!; wait $!`),
      killing(`${started('$CC')}; kill -KILL $!; wait $!`),
    ],
    hits: 0,
  },
  {
    name: 'header edited in the middle',
    files: slow,
    steps: [
      `${started('$CC')}; echo "#define LATE 2" > late.h; wait`,
      '$CC -O0 -c slow.c',
      'echo "#define LATE 1" > late.h; $CC -O0 -c slow.c',
      `${saving('$CC')}`,
    ],
    hits: 4,
  },
  {
    name: 'source replaced in the middle, by one with an old mtime',
    files: slow,
    steps: [
      `sed s/LATE/7/ slow.c > other.c; touch -d 2001-01-01 other.c; ${started('$CC')}; mv other.c slow.c; wait`,
      saving('$CC'),
    ],
    hits: 1,
  },
  {
    name: 'folder symlink retargeted in the middle',
    files: {
      'slow.c': slow['slow.c'].replace('"late.h"', '<late.h>'),
      'v1/late.h': '#define LATE 1\n',
      'v2/late.h': '#define LATE 2\n',
    },
    steps: [`ln -s v1 v; ${started('$CC -Iv')}; ln -sfn v2 v; wait`, saving('$CC -Iv')],
    hits: 1,
  },
  {
    name: 'shadowing header appears in the middle',
    files: {
      'slow.c': slow['slow.c'].replace('"late.h"', '<late.h>'),
      'v1/.keep': '',
      'v2/late.h': '#define LATE 2\n',
    },
    steps: [`${started('$CC -Iv1 -Iv2')}; echo "#define LATE 1" > v1/late.h; wait`, saving('$CC -Iv1 -Iv2')],
    hits: 1,
  },
  {
    name: 'the same output from two compiles at once',
    files: { ...files, 'b.c': 'int b;\n' },
    steps: [
      '$CC -c a.c -o o.o & $CC -c a.c -o o.o & wait',
      '$CC -c a.c & $CC -c b.c & $CC -O2 -c a.c -o c.o & wait',
    ],
    hits: 5,
  },
  {
    name: 'two different compiles into one output',
    files: { ...slow, 'b.c': 'int b;\n' },
    steps: [
      // which of them is last is chance
      `${started('$CC')}; $CC -c b.c -o slow.o; wait; rm slow.o`,
      '$CC -c b.c -o slow.o',
      saving('$CC'),
      '$CC -c b.c -o slow.o & $CC -O1 -DB -c b.c -o slow.o & $CC -O2 -DB -c b.c -o slow.o & wait; rm slow.o',
      '$CC -c b.c -o slow.o; $CC -O1 -DB -c b.c -o slow.o; $CC -O2 -DB -c b.c -o slow.o',
    ],
  },
  {
    name: 'closed stdin, stdout, stderr',
    files,
    steps: [
      '$CC -c a.c <&-',
      '$CC -g -c a.c; $CC -g -c a.c <&-; $CC -c a.c',
      '$CC -Wall -c a.c >&-',
      '$CC -Wall -c a.c 2>&-',
      '$CC -Wall -c a.c <&- >&- 2>&-',
      '$CC -S a.c -o - >&-',
      '$CC -xc -c - -o b.o <&-; echo $?',
    ],
    hits: 4,
  },
  {
    name: 'stderr is full',
    files,
    steps: [
      '$CC -Wall -c a.c',
      '$CC -Wall -c a.c 2> /dev/full; echo $?',
      '$CC -Wall -S -o - a.c > /dev/full; echo $?',
      'rm a.o; $CC -c a.c 2> /dev/full',
    ],
    hits: 1,
    changingText: /PLEASE submit[\s\S]*/g,
  },
  {
    name: 'the reader of stderr is gone',
    files,
    steps: [
      '$CC -Wall -c a.c',
      '(sleep 0.1; $CC -Wall -c a.c; echo $? > code) 2>&1 | true; sleep 0.4; cat code',
    ],
    hits: { gcc: 1, clang: 1 },
  },
  {
    name: 'ulimit -f',
    files,
    steps: [
      '$CC -g3 -c a.c',
      '(ulimit -f 1; $CC -g3 -c a.c; echo $?)',
      '(ulimit -f 0; $CC -c a.c; echo $?)',
      '(ulimit -f 1000; $CC -c a.c)',
    ],
    changingText: /\/tmp\/cc\w+/g,
    hits: 1,
  },
  {
    name: 'ulimit -v',
    files,
    steps: [
      '$CC -c a.c',
      '(ulimit -v 20000; $CC -c a.c 2>/dev/null; echo $?)',
      '(ulimit -v 4000000; $CC -c a.c)',
      '(ulimit -v 4000000; $CC -c a.c)',
    ],
    hits: 3,
  },
  {
    name: 'ulimit -t',
    files: { ...endless, ...files },
    steps: [
      '$CC -O2 -c a.c',
      '(ulimit -t 1; $CC -O3 -DLATE=1 -Wno-macro-redefined -w -c slow.c; echo $?) 2>/dev/null',
    ],
    hits: 1,
  },
  {
    name: 'ulimit -n',
    files,
    steps: ['(ulimit -n 5; $CC -c a.c; echo $?) 2>/dev/null', '(ulimit -n 20; $CC -c a.c)'],
    hits: 1,
  },
  {
    name: 'the disk is full',
    files: { ...files, 'b.c': 'char c[100000] = {1};\n' },
    needs:
      'mkdir p2p-mnt && mount -t tmpfs -o size=64k none p2p-mnt && umount p2p-mnt; r=$?; rmdir p2p-mnt; exit $r',
    steps: [
      '$CC -c b.c',
      'mkdir full; mount -t tmpfs -o size=64k none full; $CC -c b.c -o full/b.o; echo $?',
      '$CC -c a.c -o full/a.o; echo $?',
      '$CC -MD -MF full/d -c b.c -o full/b.o; echo $?',
      'head -c 60000 /dev/zero > full/z; $CC -MD -MF full/d -c b.c -o full/b.o; echo $?; rm full/*; umount full',
    ],
    hits: 2,
    changingText: /PLEASE submit[\s\S]*/g,
  },
  {
    name: 'working folder that is gone',
    files,
    steps: [
      'mkdir g; cp a.c g; cd g; rm -r ../g; $CC -c a.c; $CC -c ../a.c; $CC -c $OLDPWD/a.c -o $OLDPWD/a.o; echo $?',
    ],
    hits: 0,
  },
  {
    name: 'no daemon',
    files,
    steps: [
      '$CC -c a.c',
      'P2PCACHE_HOME=/nonexistent $CC -Wall -c a.c',
      'P2PCACHE_MODE=off $CC -Wall -c a.c',
      'mkdir -p h/run; P2PCACHE_HOME=$PWD/h $CC -Wall -c a.c; rm -r h',
    ],
    hits: 1,
  },
  {
    name: 'a daemon that answers nothing',
    files,
    needs: 'command -v python3',
    steps: [
      '$CC -c a.c',
      'mkdir -p h/run; python3 -c \'import socket,time; s=socket.socket(socket.AF_UNIX); s.bind("h/run/launcher.sock"); s.listen(9); time.sleep(3)\' & until [ -S h/run/launcher.sock ]; do sleep 0.05; done; P2PCACHE_TIMEOUT_MS=300 P2PCACHE_HOME=$PWD/h timeout 2 $CC -Wall -c a.c; echo $?; rm -r h',
    ],
    hits: 1,
  },
  {
    name: 'a daemon that answers nonsense',
    files,
    needs: 'command -v python3',
    steps: [
      'mkdir -p h/run; python3 -c \'import socket; s=socket.socket(socket.AF_UNIX); s.bind("h/run/launcher.sock"); s.listen(9); s.settimeout(1.0); c,_=s.accept(); c.recv(99); c.send(b"HTTP/1.1 400 Bad Request\\r\\n\\r\\n"); c.close()\' 2>/dev/null & until [ -S h/run/launcher.sock ]; do sleep 0.05; done; P2PCACHE_HOME=$PWD/h $CC -Wall -c a.c; echo $?; wait; rm -r h',
    ],
    hits: 0,
  },
  {
    name: 'an internal error of the compiler',
    only: 'clang',
    files: { 'a.c': '#pragma clang __debug parser_crash\nint x;\n' },
    steps: [
      '$CC -c a.c > /dev/null 2>&1; echo $?',
      '$CC -fno-crash-diagnostics -c a.c > /dev/null 2>&1; echo $?',
    ],
    hits: 0,
  },
];
