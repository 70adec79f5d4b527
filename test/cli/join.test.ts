// What `join` asks and answers, against a scripted daemon: several teams of one name, and a person at a terminal.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type OperationHandlers, serveControlSocket } from '../../node/endpoints/control-socket.ts';
import type { DaemonStatus, FoundTeam } from '../../src/control.ts';
import { exitCodes } from '../../src/errors.ts';

const program = new URL('../../cli/p2pcache.js', import.meta.url).pathname;
const teams: FoundTeam[] = ['a', 'b'].map(letter => ({
  id: letter.repeat(64),
  name: 'acme',
  member: `desk-${letter}`,
  addresses: [`10.0.0.1:1${letter === 'a' ? 1 : 2}`],
}));
const joined = {
  team: { id: 'a'.repeat(64), name: 'acme' },
  member: { name: 'lap', key: 'c'.repeat(64), roles: ['reader'] },
};

interface Scripted {
  readonly home: string;
  /** The operations asked for, in order, with their requests. */
  readonly asked: [string, Record<string, unknown>][];
}

/** A daemon that knows these teams and lets everyone in. */
async function scriptedDaemon(known: readonly FoundTeam[]): Promise<Scripted> {
  const home = await mkdtemp(join(tmpdir(), 'p2pcache-test-'));
  await mkdir(join(home, 'run'));
  const asked: Scripted['asked'] = [];
  const note = (operation: string, request: Record<string, unknown>) => void asked.push([operation, request]);
  const handlers: Pick<OperationHandlers, 'status' | 'discover' | 'knock' | 'found'> = {
    status: async () => ({ team: null, home }) as DaemonStatus,
    discover: async request => {
      note('discover', request);
      return { teams: known };
    },
    knock: async (request, { progress }) => {
      note('knock', request);
      progress({ phrase: 'one-two-three-four' });
      return joined;
    },
    found: async request => {
      note('found', request);
      return joined;
    },
  };
  const socket = await serveControlSocket(join(home, 'run/control.sock'), handlers as OperationHandlers, {
    onRefused: () => {},
    onBug: () => {},
  });
  onTestFinished(async () => {
    await socket.close();
    await rm(home, { recursive: true });
  });
  return { home, asked };
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Both streams. */
  readonly text: string;
}

function run(file: string, args: readonly string[], home: string, input = ''): Promise<Ran> {
  return new Promise(resolve => {
    const env = { ...process.env, P2PCACHE_HOME: home };
    const child = execFile(file, args, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, text: stdout + stderr });
    });
    child.stdin!.end(input);
  });
}

function p2pcache({ home }: Scripted, ...args: readonly string[]) {
  return run(process.execPath, [program, ...args], home);
}

/** At a terminal, whose person types `input`. */
function atTerminal({ home }: Scripted, input: string, ...args: readonly string[]) {
  const command = [process.execPath, program, ...args].join(' ');
  return run('script', ['--quiet', '--return', '--command', command, '/dev/null'], home, input);
}

test('two teams of one name: without a terminal both are named, and --team-id says which', async () => {
  const daemon = await scriptedDaemon(teams);
  const { code, text } = await p2pcache(daemon, 'join', 'acme');
  expect(code).toBe(exitCodes.AMBIGUOUS);
  for (const { id, member } of teams) expect(text).toMatch(new RegExp(`${id.slice(0, 12)}.*${member}`));
  expect(text).toContain('--team-id');

  expect((await p2pcache(daemon, 'join', 'acme', '--team-id', 'bbbb')).code).toBe(0);
  expect(daemon.asked.at(-1)).toMatchObject(['knock', { team: teams[1] }]);
  expect((await p2pcache(daemon, 'join', 'acme', '--team-id', 'cccc')).code).toBe(exitCodes.NO_ANSWER);
});

test('two teams of one name: the person is asked', async () => {
  const daemon = await scriptedDaemon(teams);
  const { code, text } = await atTerminal(daemon, '2\n', 'join', 'acme');
  expect([code, text]).toEqual([0, expect.stringContaining('one-two-three-four')]);
  expect(daemon.asked.at(-1)).toMatchObject(['knock', { team: teams[1] }]);
  expect((await atTerminal(daemon, 'neither\n', 'join', 'acme')).code).toBe(exitCodes.CANCELLED);
});

test('no team: founded if the person says yes', async () => {
  const daemon = await scriptedDaemon([]);
  expect((await atTerminal(daemon, 'n\n', 'join', 'acme')).code).toBe(exitCodes.CANCELLED);
  expect(daemon.asked.map(([operation]) => operation)).toEqual(['discover']);
  expect((await atTerminal(daemon, 'y\n', 'join', 'acme', '--name', 'lap')).code).toBe(0);
  expect(daemon.asked.at(-1)).toEqual(['found', { teamName: 'acme', memberName: 'lap' }]);
});

test('with --json there is nothing on stdout but JSON', async () => {
  const daemon = await scriptedDaemon(teams.slice(0, 1));
  const { code, stdout } = await p2pcache(daemon, 'join', 'acme', '--json');
  const lines = stdout.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(lines.map(line => JSON.parse(line))).toEqual([{ phrase: 'one-two-three-four' }, joined]);
});
