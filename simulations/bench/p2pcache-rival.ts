// p2pcache as a rival: a real daemon with real stores, the only member of a team of its own, driven by its own commands.
import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DaemonStatus } from '../../src/control.ts';
import type { StatsSnapshot } from '../../src/stats.ts';
import type { Rival } from './rivals.ts';
import { runOk } from './run.ts';

const program = fileURLToPath(new URL('../../cli/p2pcache.js', import.meta.url));

export class P2pcacheRival implements Rival {
  readonly name = 'p2pcache';
  readonly home: string;
  #launcher = '';
  #pid = 0;

  private constructor(home: string) {
    this.home = home;
  }

  /** A member with an empty cache in this folder, and its daemon. */
  static async found(home: string): Promise<P2pcacheRival> {
    const rival = new P2pcacheRival(home);
    await rival.#ask('join', 'bench', '--create', '--name', 'bench-1');
    await rival.start();
    return rival;
  }

  get prefix(): readonly string[] {
    return [this.#launcher];
  }

  get env(): Readonly<Record<string, string>> {
    return { P2PCACHE_HOME: this.home };
  }

  get daemonPid(): number {
    return this.#pid;
  }

  /** Starts the daemon where it does not run. */
  async start(): Promise<void> {
    const variables = JSON.parse(await this.#ask('env', '--json')) as Record<string, string>;
    const { pid } = JSON.parse(await this.#ask('status', '--json')) as DaemonStatus;
    this.#launcher = variables.P2PCACHE_LAUNCHER!;
    this.#pid = pid;
  }

  /** Ends the daemon; the cache stays. */
  async stop(): Promise<void> {
    if (!existsSync(`/proc/${this.#pid}`)) return;
    await this.#ask('stop').catch(() => process.kill(this.#pid, 'SIGKILL'));
    while (existsSync(`/proc/${this.#pid}`)) await sleep(20);
  }

  async hits(): Promise<{ readonly hits: number; readonly of: number }> {
    const { hits, misses } = JSON.parse(await this.#ask('stats', '--json')) as StatsSnapshot;
    const count = hits.memory + hits.disk + hits.peer;
    return { hits: count, of: count + misses };
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  async #ask(...args: string[]): Promise<string> {
    const env = {
      P2PCACHE_HOME: this.home,
      P2PCACHE_LISTEN: '127.0.0.1:0',
      P2PCACHE_DOOR_LISTEN: 'off',
      P2PCACHE_MDNS: 'off',
    };
    return (await runOk([process.execPath, program, ...args], { cwd: this.home, env })).stdout;
  }
}
