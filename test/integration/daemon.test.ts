// One daemon and its commands as a person meets them: started on demand, one per home, gone without a trace, plain about
// whatever is wrong.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DaemonStatus } from '../../src/control.ts';
import { exitCodes } from '../../src/errors.ts';
import { Rig } from '../support/rig.ts';

const isRoot = process.getuid?.() === 0;

describe('life of a daemon', () => {
  test('starts with the first command that needs it, once, and stops when told', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    expect((await desk.run('status')).exitCode).toBe(exitCodes.UNREACHABLE);

    const outcomes = await Promise.all([desk.stats(), desk.stats(), desk.stats()]);
    expect(outcomes.map(({ misses }) => misses)).toEqual([0, 0, 0]);
    const first = await desk.pid();
    await desk.stats();
    expect(await desk.pid()).toBe(first);

    await desk.ok('stop');
    expect((await desk.run('status')).exitCode).toBe(exitCodes.UNREACHABLE);
    expect((await desk.ok('stop')).stdout).toContain('no daemon was running');
  });

  test('a daemon that was killed leaves nothing in the way of the next', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    await desk.stats();
    const killed = await desk.pid();
    await desk.signal('SIGKILL');
    await desk.stats();
    expect(await desk.pid()).not.toBe(killed);
  });

  test('a second daemon for the same home says so and goes', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    await desk.stats();
    const second = await desk.run('node');
    expect(second.exitCode).toBe(exitCodes.AMBIGUOUS);
    expect(second.stderr).toContain('another daemon runs for this home already');
  });

  test('keeps its counters over a restart', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    writeFileSync(join(desk.home, 'a.c'), 'int a;\n');
    await desk.build(['gcc', '-c', 'a.c', '-o', 'a.o']);
    await desk.build(['gcc', '-c', 'a.c', '-o', 'a.o']);
    const before = await desk.stats();
    expect([before.misses, before.hits.memory]).toEqual([1, 1]);
    await desk.ok('stop');
    expect(await desk.stats()).toEqual(before);
  });

  test('only its user can reach its sockets, key and store', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    await desk.stats();
    const mode = (path: string) => (statSync(join(desk.home, path)).mode & 0o777).toString(8);
    expect(['run', 'run/control.sock', 'run/launcher.sock', 'key', 'log/daemon.log'].map(mode)).toEqual([
      '700',
      '600',
      '600',
      '600',
      '600',
    ]);
  });

  test('works in a home whose path is longer than a socket may be', async () => {
    await using rig = await Rig.create();
    const deep = rig.member('a-folder-with-quite-a-long-name/'.repeat(5));
    const { home } = await deep.json<DaemonStatus>('status', '--json').catch(async () => {
      await deep.stats();
      return deep.json<DaemonStatus>('status', '--json');
    });
    expect(home!.length).toBeGreaterThan(108);
    expect(existsSync(join(home!, 'run/control.sock'))).toBe(true);
  });

  test('garbage on the control socket is refused and counted; the daemon lives', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    await desk.stats();
    const pid = await desk.pid();
    const socket = join(desk.home, 'run/control.sock');
    const post = (body: string) =>
      `POST /stats HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const answers = [
      await say(socket, '\0\x01\x02garbage\r\n\r\n'),
      await say(socket, post('{"torn')),
      await say(socket, post('[1]')),
      await say(socket, post('x'.repeat(400_000))),
      await say(socket, 'POST /no-such-thing HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'),
    ];
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await desk.stats()).refused).toEqual({ 'control-garbage': 1, 'control-request': 4 });
    expect(await desk.pid()).toBe(pid);
  });
});

describe('what is wrong is said plainly', () => {
  test('a setting with a typo, and one with a bad value', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    writeFileSync(join(desk.home, 'config.toml'), 'peer_deadline = 5\n');
    const typo = await desk.run('stats');
    expect(typo.exitCode).toBe(exitCodes.BAD_INPUT);
    expect(typo.stderr).toMatch(/there is no setting "peer_deadline"[\s\S]*peer_deadline_ms/);

    writeFileSync(join(desk.home, 'config.toml'), 'store_size_max = "lots"\n');
    const bad = await desk.run('stats');
    expect(bad.exitCode).toBe(exitCodes.BAD_INPUT);
    expect(bad.stderr).toMatch(/"store_size_max" cannot be "lots"[\s\S]*10GB/);

    writeFileSync(join(desk.home, 'config.toml'), 'store_size_max = = 3\n');
    expect((await desk.run('stats')).stderr).toContain('config.toml:1:');
  });

  test('a key file that is damaged or that others can read', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    await desk.stats();
    await desk.ok('stop');
    const key = join(desk.home, 'key');
    chmodSync(key, 0o644);
    const open = await desk.run('stats');
    expect(open.exitCode).toBe(exitCodes.KEY_UNREADABLE);
    expect(open.stderr).toContain('chmod 600');
    chmodSync(key, 0o600);
    writeFileSync(key, 'no key\n');
    expect((await desk.run('stats')).exitCode).toBe(exitCodes.KEY_UNREADABLE);
  });

  test('a port that is taken', async () => {
    await using rig = await Rig.create();
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const desk = rig.member('desk', { P2PCACHE_LISTEN: `127.0.0.1:${port}` });
    const ran = await desk.run('join', 'acme', '--create');
    server.close();
    expect(ran.exitCode).toBe(exitCodes.PORT_TAKEN);
    expect(ran.stderr).toContain(String(port));
  });

  test('a home that cannot be written', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    // Permissions do not stop root; a file in a folder's place stops everyone.
    if (isRoot) writeFileSync(join(desk.home, 'store'), '');
    else chmodSync(desk.home, 0o500);
    const ran = await desk.run('stats');
    chmodSync(desk.home, 0o700);
    expect(ran.exitCode).toBe(exitCodes.STORAGE);
    expect(ran.stderr).toContain(desk.home);
  });

  test('a disk that is full', async context => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'p2pcache-test', desk.home], {
        stdio: 'pipe',
      });
    } catch {
      return context.skip('a full disk needs the right to mount a tmpfs');
    }
    try {
      expect(() => writeFileSync(join(desk.home, 'filler'), Buffer.alloc(512 * 1024))).toThrow('ENOSPC');
      const ran = await desk.run('stats');
      expect(ran.exitCode).toBe(exitCodes.STORAGE);
      expect(ran.stderr).toMatch(/disk|room|space/);
    } finally {
      execFileSync('umount', ['--lazy', desk.home]);
    }
  });

  test('commands of a team before there is one, and words that are none', async () => {
    await using rig = await Rig.create();
    const desk = rig.member('desk');
    for (const args of [['team'], ['trust'], ['trust', 'x', '--yes'], ['invite'], ['revoke', 'x', '--yes']]) {
      const ran = await desk.run(...args);
      expect([args[0], ran.exitCode]).toEqual([args[0], exitCodes.NOT_IN_TEAM]);
      expect(ran.stderr).toContain('p2pcache join <team>');
    }
    const unknown = await desk.run('sats');
    expect(unknown.exitCode).toBe(exitCodes.BAD_INPUT);
    expect(unknown.stderr).toContain('Did you mean stats?');
    expect((await desk.run('stats', '--jsn')).exitCode).toBe(exitCodes.BAD_INPUT);
    expect((await desk.run('join')).exitCode).toBe(exitCodes.BAD_INPUT);
  });
});

test('env prints lines for eval and nothing else, whatever the folder is called', async () => {
  await using rig = await Rig.create();
  const odd = rig.member(`it's "odd" $HOME`);
  mkdirSync(odd.home, { recursive: true });
  const script = `eval "$("$NODE" "$P" env)" && eval "$("$NODE" "$P" env)" && printf '%s\\n' "$P2PCACHE_HOME" "$P2PCACHE_LAUNCHER" "$PATH"`;
  const program = new URL('../../cli/p2pcache.js', import.meta.url).pathname;
  const { stdout, exitCode } = await odd.exec(['sh', '-ec', script], {
    env: { NODE: process.execPath, P: program },
  });
  const [home, launcher, path] = stdout.split('\n');
  expect(exitCode).toBe(0);
  expect(home).toBe(odd.home);
  expect(readFileSync(launcher!).byteLength).toBeGreaterThan(0);
  expect(path!.split(':').filter(entry => entry.includes(odd.home))).toHaveLength(1);
  expect(existsSync(join(path!.split(':')[0]!, 'gcc'))).toBe(true);
});

/** Says this to the socket and resolves with all that comes back. */
function say(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(path, () => socket.write(text));
    socket.on('data', chunk => {
      answer += chunk;
      if (answer.includes('\r\n\r\n')) socket.end();
    });
    socket.on('error', error => (answer === '' ? reject(error) : resolve(answer)));
    socket.on('close', () => resolve(answer));
  });
}
