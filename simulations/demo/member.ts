// One member of the demo's team: a home and a checkout of its own, driven through the same commands that a person types.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DaemonStatus } from '../../src/control.ts';
import type { StatsSnapshot } from '../../src/stats.ts';
import type { Compile } from './project.ts';

const program = fileURLToPath(new URL('../../cli/p2pcache.js', import.meta.url));

export class DemoMember {
  readonly name: string;
  readonly checkout: string;
  readonly #home: string;
  #variables: NodeJS.ProcessEnv | undefined;

  constructor(folder: string, name: string) {
    this.name = name;
    this.#home = join(folder, name, 'home');
    // Different folders on purpose: machines never agree on those.
    this.checkout = join(folder, name, 'src', `${name}s-zstd`);
    mkdirSync(this.#home, { recursive: true });
    mkdirSync(this.checkout, { recursive: true });
  }

  /** What `p2pcache <args>` prints; rejects unless it succeeds. */
  async p2pcache(args: readonly string[], input = ''): Promise<string> {
    const ran = await run([process.execPath, program, ...args], { env: this.#env(), cwd: this.#home, input });
    if (ran.exitCode === 0) return ran.stdout;
    throw new Error(`${this.name}: p2pcache ${args[0]} ended with ${ran.exitCode}\n${ran.stderr}`);
  }

  async stats(): Promise<StatsSnapshot> {
    return JSON.parse(await this.p2pcache(['stats', '--json'])) as StatsSnapshot;
  }

  /** The daemon's process, or undefined where none runs. */
  async pid(): Promise<number | undefined> {
    const ran = await run([process.execPath, program, 'status', '--json'], {
      env: this.#env(),
      cwd: this.#home,
    });
    return ran.exitCode === 0 ? (JSON.parse(ran.stdout) as DaemonStatus).pid : undefined;
  }

  /** Runs the compiles as `make -j` would, with the cache in front of the compilers or without. Resolves to the time taken. */
  async build(
    compiles: readonly Compile[],
    isCached: boolean,
    onDone: (done: number) => void,
  ): Promise<number> {
    if (isCached) this.#variables ??= JSON.parse(await this.p2pcache(['env', '--json'])) as NodeJS.ProcessEnv;
    const env = isCached ? { ...this.#env(), ...this.#variables } : this.#env();
    const startedAtMs = performance.now();
    const queue = [...compiles];
    let done = 0;
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { exitCode, stderr } = await run(next.argv, { env, cwd: this.checkout });
        if (exitCode !== 0) throw new Error(`${this.name}: compiling ${next.source} failed\n${stderr}`);
        onDone(++done);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    return performance.now() - startedAtMs;
  }

  /** Ends the daemon; by force where it does not end by itself. */
  async end(): Promise<void> {
    const pid = await this.pid();
    if (pid === undefined) return;
    await this.p2pcache(['stop']).catch(() => process.kill(pid, 'SIGKILL'));
  }

  #env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      P2PCACHE_HOME: this.#home,
      P2PCACHE_LISTEN: '127.0.0.1:0',
      P2PCACHE_DOOR_LISTEN: 'off',
      P2PCACHE_MDNS: 'off',
    };
  }
}

interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  [file = '', ...args]: readonly string[],
  { env, cwd, input = '' }: { env: NodeJS.ProcessEnv; cwd: string; input?: string },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, cwd });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', exitCode => resolve({ exitCode, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
