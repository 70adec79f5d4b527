// What a job may not do, each tried in the real sandbox: a program of ours in the place of the compiler that tries to get out,
// to stay, or to take more than its share. Contained, reported, and nothing is left.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bubblewrap, bubblewrapTrouble } from '../../node/system/bubblewrap.ts';
import { JobCgroup } from '../../node/system/job-cgroup.ts';
import { realClock } from '../../node/system/real-clock.ts';
import { FileStates } from '../../src/compile/file-states.ts';
import { digestOf } from '../../src/digest.ts';
import { ClientCopy } from '../../src/farm/client-copy.ts';
import { jobLimits } from '../../src/farm/job-run.ts';
import { LocalTree } from '../../src/farm/local-tree.ts';
import { makeObserverLog } from '../../src/farm/observer-log.ts';
import type { SandboxEnd, SandboxLimits } from '../../src/farm/sandbox.ts';
import { ToldFiles } from '../../src/farm/told-files.ts';
import { type SharedParts, sharedParts } from '../support/compile-rig.ts';
import { processesNamed } from '../support/farm-rig.ts';

const trouble = await bubblewrapTrouble();
const neverAsked = () => undefined;
const hasPerl = existsSync('/usr/bin/perl');

describe.skipIf(trouble !== undefined || !hasPerl)('a job in the sandbox', () => {
  let parts: SharedParts;
  let folder: string;
  let copy: ClientCopy;
  let cgroup: JobCgroup | undefined;

  beforeAll(async () => {
    parts = await sharedParts();
    folder = mkdtempSync(join(tmpdir(), 'p2pcache-sandbox-'));
    // A shell and perl stand for whatever a hostile client would send as its compiler.
    copy = new ClientCopy(join(folder, 'copy'));
    const tree = new LocalTree(new FileStates(realClock));
    const libraries = ['/bin/sh', '/usr/bin/perl', '/bin/ls', '/bin/sleep'].flatMap(program => [
      program,
      ...(execFileSync('ldd', [program]).toString().match(/\/\S+/g) ?? []),
    ]);
    const news = new ToldFiles(tree).news(libraries);
    copy.apply([...news, { kind: 'folder', path: '/work' }], digest => tree.bytesOf(digest));
    cgroup = JobCgroup.make(`p2pcache-test-${process.pid}`, { processes: 64, memoryBytes: 2 ** 30 });
  });

  afterAll(() => {
    cgroup?.delete();
    for (const each of [folder, parts.folder]) rmSync(each, { recursive: true, force: true });
  });

  test('sees neither home nor keys nor any file of the worker', async () => {
    const secret = join(folder, 'key');
    writeFileSync(secret, 'a private key');
    const end = await run(
      `ls / /root /home /etc '${folder}' 2>&1; read line < '${secret}' && echo "got $line"; true`,
    );
    expect(end.stdout.toString()).not.toContain('got ');
    expect(end.stdout.toString()).not.toMatch(/passwd|shadow|copy/);
  });

  test('gets none of the worker’s environment', async () => {
    process.env.P2PCACHE_TEST_SECRET = 'secret';
    const end = await run(`perl -e 'print join(",", sort keys %ENV)'`);
    delete process.env.P2PCACHE_TEST_SECRET;
    expect(end.stdout.toString().replace(/,?(OLDPWD|PWD|SHLVL|_)\b/g, '')).toMatch(
      /^,?(LD_PRELOAD,)?PATH$|^PATH$/,
    );
  });

  test('reaches no socket, on the network or of this machine', async () => {
    const server = createServer(socket => socket.end('reached'));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const connect = `perl -MSocket -e 'socket(S,PF_INET,SOCK_STREAM,0); exit(connect(S,sockaddr_in(${port},inet_aton("127.0.0.1"))) ? 7 : 3)'`;
    const end = await run(connect).finally(() => server.close());
    expect(end.exitCode).not.toBe(7);
  });

  test('writes nowhere but into its own folder', async () => {
    const before = readdirSync(copy.use().folder).sort();
    const end = await run(
      'for f in /x /usr/x /bin/sh /proc/sys/kernel/hostname /work/../x; do echo bad > $f; done; echo fine > out',
    );
    expect(end.stderr.toString()).toMatch(/[Rr]ead-only/);
    expect(readdirSync(copy.use().folder).sort()).toEqual(before);
    expect(readFileSync(join(end.folder, 'out'), 'utf8')).toBe('fine\n');
  });

  test('sees a file of the worker’s own that is shown to it, and cannot change it', async () => {
    const own = join(folder, 'own');
    writeFileSync(own, 'as it is\n');
    const entry = { kind: 'file', path: '/opt/own', digest: digestOf('as it is\n') } as const;
    copy.apply([{ ...entry, isExecutable: false, modifiedS: 1 }], neverAsked, () => ({
      path: own,
      isStill: () => true,
    }));
    expect(copy.bytesAt(copy.use(), '/opt/own')?.toString()).toBe('as it is\n');
    const end = await run('read line < /opt/own && echo "$line"; echo bad > /opt/own; rm /opt/own');
    expect(end.stdout.toString()).toBe('as it is\n');
    expect(end.stderr.toString()).toMatch(/[Rr]ead-only/);
    expect(readFileSync(own, 'utf8')).toBe('as it is\n');
    copy.apply([{ kind: 'gone', path: '/opt' }], neverAsked);
    expect(copy.use().own.size).toBe(0);
  });

  test('sees no other process, and leaves none behind', async () => {
    const end = await run(
      "ls /proc | perl -ne 'print if /^[0-9]+$/'; (sleep 600 &) ; (sleep 601 &) ; exit 0",
    );
    expect(end.stdout.toString().trim().split('\n').length).toBeLessThan(8);
    expect(processesNamed('sleep 600')).toEqual([]);
  });

  test('cannot fill the machine with processes', async () => {
    const bomb =
      'perl -e \'my $n = 0; while (1) { my $pid = fork; if (!defined $pid) { print "stopped $n\\n"; last } if ($pid == 0) { sleep 600 } $n++ }\'';
    const end = await run(bomb);
    expect(end.stdout.toString()).toMatch(/^stopped \d+\n$/);
    expect(processesNamed('perl -e my')).toEqual([]);
  });

  test('cannot fill the memory', async () => {
    const end = await run(`perl -e 'my @all; push @all, "x" x 50_000_000 for 1..1000; print "had it all"'`, {
      memoryBytes: 500_000_000,
    });
    expect(end.stdout.toString()).not.toContain('had it all');
    expect(end.exitCode).not.toBe(0);
  });

  test('cannot fill the disk, with one file or with many', async () => {
    const one = await run(`perl -e 'open F, ">", "big"; print F "x" x 1_000_000 for 1..1000' ; echo ended`, {
      fileBytes: 10_000_000,
    });
    expect(Number(execFileSync('stat', ['-c', '%s', join(one.folder, 'big')]))).toBeLessThanOrEqual(
      10_000_000,
    );
    const many = await run(
      `perl -e 'for my $i (1..100000) { open F, ">", "f$i"; print F "x" x 1_000_000; close F }'`,
      { diskBytes: 20_000_000 },
    );
    expect(many.broke).toBe('disk');
  });

  test('ends when its time is over', async () => {
    const end = await run('sleep 600', { wallMs: 300 });
    expect(end.broke).toBe('time');
    expect(processesNamed('sleep 600')).toEqual([]);
  });

  test('ends when it says too much', async () => {
    const end = await run('while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done', {
      streamBytes: 100_000,
    });
    expect(end.broke).toBe('output');
    expect(end.stdout.length).toBeLessThanOrEqual(100_000);
  });

  test('ends at once when it is not wanted any more', async () => {
    const abort = new AbortController();
    const running = run('echo > started; sleep 600', {}, abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 200);
    await expect(running).rejects.toThrow('enough');
    expect(processesNamed('sleep 600')).toEqual([]);
  });

  async function run(
    script: string,
    limits: Partial<SandboxLimits> = {},
    signal = new AbortController().signal,
  ): Promise<SandboxEnd & { readonly folder: string }> {
    const job = mkdtempSync(join(folder, 'job-'));
    const hostFolder = join(job, 'w');
    mkdirSync(hostFolder);
    makeObserverLog(join(job, 'log'), hostFolder);
    const generation = copy.use();
    const end = await new Bubblewrap(parts.observer, cgroup).run(
      {
        root: generation.folder,
        shown: [...generation.own].map(([path, own]) => ({ path, hostFile: own.path })),
        writable: [{ path: '/work', hostFolder, kept: [] }],
        log: { path: '/.p2pcache/log', hostFile: join(job, 'log') },
        argv: ['/bin/sh', '-c', script],
        cwd: '/work',
        environment: new Map([['PATH', '/bin:/usr/bin']]),
        limits: { ...jobLimits, ...limits },
      },
      signal,
    );
    return { ...end, folder: hostFolder };
  }
});
