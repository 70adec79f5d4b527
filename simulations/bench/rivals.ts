// The rivals: each a prefix for compiler commands, with a cache of its own that is empty at first, and a way to ask how often it hit.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { P2pcacheRival } from './p2pcache-rival.ts';
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

/** The rivals that are installed here, in the order in which they are shown. */
export function rivalsHere(): RivalName[] {
  const optional = (['ccache', 'sccache'] as const).filter(name => findProgram(name) !== undefined);
  return ['plain', ...optional, 'p2pcache'];
}

/** Everything that was started, so that an interrupted benchmark leaves no server behind. */
const started = new Set<Rival>();

/** A rival with an empty cache in a new folder below `parent`. */
export async function startRival(name: RivalName, parent: string): Promise<Rival> {
  const folder = join(parent, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const rival = await makers[name](folder);
  started.add(rival);
  return rival;
}

/** Ends all rivals that were ever started; those that have ended stay so. */
export async function endRivals(): Promise<void> {
  for (const rival of started) await rival.end().catch(() => {});
}

const makers: Readonly<Record<RivalName, (folder: string) => Promise<Rival> | Rival>> = {
  plain,
  ccache,
  sccache,
  p2pcache: folder => P2pcacheRival.found(folder),
};

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

function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map(folder => join(folder, name)).find(path => existsSync(path));
}

async function remove(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
}
