// The rivals: each a prefix for compiler commands, with a cache of its own that is empty at first, and a way to ask how often it hit.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DaemonStatus } from '../../src/control.ts';
import type { StatsSnapshot } from '../../src/stats.ts';
import { environment, run, runOk } from './run.ts';

export type RivalName = 'plain' | 'ccache' | 'sccache' | 'p2pcache';

export interface Rival {
  readonly name: RivalName;
  /** Goes before a compiler command; empty for the plain compiler. */
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The server whose processor time counts as the rival's. */
  readonly daemonPid: number | undefined;
  /** Hits so far, of the compiles that it could cache. */
  hits(): Promise<{ readonly hits: number; readonly of: number }>;
  /** Ends the server and removes the cache. */
  end(): Promise<void>;
}

const program = fileURLToPath(new URL('../../cli/p2pcache.js', import.meta.url));

/** The rivals that are installed here, in the order in which they are shown. */
export function rivalsHere(): RivalName[] {
  const optional = (['ccache', 'sccache'] as const).filter(name => findProgram(name) !== undefined);
  return ['plain', ...optional, 'p2pcache'];
}

/** A rival with an empty cache in a new folder below `parent`. */
export async function startRival(name: RivalName, parent: string): Promise<Rival> {
  const folder = join(parent, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (name === 'ccache') return ccache(folder);
  if (name === 'sccache') return sccache(folder);
  return name === 'p2pcache' ? p2pcache(folder) : plain(folder);
}

function plain(folder: string): Rival {
  const hits = async () => ({ hits: 0, of: 0 });
  return { name: 'plain', prefix: [], env: {}, daemonPid: undefined, hits, end: async () => remove(folder) };
}

function ccache(folder: string): Rival {
  const env = { CCACHE_DIR: folder, CCACHE_CONFIGPATH: join(folder, 'none.conf') };
  return {
    name: 'ccache',
    prefix: [findProgram('ccache')!],
    env,
    daemonPid: undefined,
    async hits() {
      const { stdout } = await runOk(['ccache', '--print-stats'], { cwd: folder, env });
      const count = (counter: string) =>
        Number(new RegExp(`^${counter}\\s+(\\d+)$`, 'm').exec(stdout)?.[1] ?? 0);
      const hits = count('direct_cache_hit') + count('preprocessed_cache_hit');
      return { hits, of: hits + count('cache_miss') };
    },
    end: async () => remove(folder),
  };
}

async function sccache(folder: string): Promise<Rival> {
  const file = findProgram('sccache')!;
  const env = {
    SCCACHE_DIR: join(folder, 'cache'),
    SCCACHE_SERVER_UDS: join(folder, 'server.sock'),
    SCCACHE_CONF: join(folder, 'none.toml'),
    SCCACHE_IDLE_TIMEOUT: '0',
  };
  const serverEnv = { ...environment(env), SCCACHE_START_SERVER: '1', SCCACHE_NO_DAEMON: '1' };
  const server = spawn(file, { env: serverEnv, stdio: 'ignore' });
  while (!existsSync(env.SCCACHE_SERVER_UDS)) await sleep(20);
  return {
    name: 'sccache',
    prefix: [file],
    env,
    daemonPid: server.pid,
    async hits() {
      const { stdout } = await runOk([file, '--show-stats', '--stats-format=json'], { cwd: folder, env });
      const { stats } = JSON.parse(stdout) as { stats: Record<string, { counts: Record<string, number> }> };
      const sum = (name: string) => Object.values(stats[name]!.counts).reduce((a, b) => a + b, 0);
      return { hits: sum('cache_hits'), of: sum('cache_hits') + sum('cache_misses') };
    },
    async end() {
      await run([file, '--stop-server'], { cwd: folder, env });
      server.kill('SIGKILL');
      await remove(folder);
    },
  };
}

/** A real daemon with real stores, the only member of a team of its own. */
async function p2pcache(home: string): Promise<Rival> {
  const own = {
    P2PCACHE_HOME: home,
    P2PCACHE_LISTEN: '127.0.0.1:0',
    P2PCACHE_DOOR_LISTEN: 'off',
    P2PCACHE_MDNS: 'off',
  };
  const ask = async (...args: string[]) =>
    (await runOk([process.execPath, program, ...args], { cwd: home, env: own })).stdout;
  await ask('join', 'bench', '--create', '--name', 'bench-1');
  const variables = JSON.parse(await ask('env', '--json')) as Record<string, string>;
  const { pid } = JSON.parse(await ask('status', '--json')) as DaemonStatus;
  return {
    name: 'p2pcache',
    prefix: [variables.P2PCACHE_LAUNCHER!],
    env: { P2PCACHE_HOME: home },
    daemonPid: pid,
    async hits() {
      const { hits, misses } = JSON.parse(await ask('stats', '--json')) as StatsSnapshot;
      const count = hits.memory + hits.disk + hits.peer;
      return { hits: count, of: count + misses };
    },
    async end() {
      await ask('stop').catch(() => process.kill(pid, 'SIGKILL'));
      while (existsSync(`/proc/${pid}`)) await sleep(20);
      await remove(home);
    },
  };
}

function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map(folder => join(folder, name)).find(path => existsSync(path));
}

async function remove(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
}
