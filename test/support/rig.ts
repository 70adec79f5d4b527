// Real members on this machine: each with a home of its own, its commands and its daemon as separate processes, on loopback
// only. `await using rig = await Rig.create()` ends every daemon and removes every file.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { askDaemon } from '../../cli/control-client.ts';
import type { DaemonStatus, NewInvite, TeamView } from '../../src/control.ts';
import type { FarmView } from '../../src/control-farm.ts';
import { memberPaths } from '../../src/control-paths.ts';
import type { StatsSnapshot } from '../../src/stats.ts';

const program = fileURLToPath(new URL('../../cli/p2pcache.js', import.meta.url));

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly pid: number;
  readonly ended: Promise<Ran>;
}

export interface RunOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class Rig implements AsyncDisposable {
  readonly folder: string;
  readonly #members: RigMember[] = [];
  #isOver = false;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** A test that runs out of time never comes to its end, so the rig ends with it as well. */
  static async create(): Promise<Rig> {
    const rig = new Rig(mkdtempSync(join(tmpdir(), 'p2pcache-rig-')));
    try {
      onTestFinished(() => rig[Symbol.asyncDispose]());
    } catch {
      // made for several tests: their last hook ends it
    }
    return rig;
  }

  /** A member's home, with no daemon yet. `env` overrides the settings that keep it on loopback;
   * `enter`: a network namespace in which all that it runs is run, or what comes before every command. */
  member(
    name: string,
    env: Readonly<Record<string, string>> = {},
    enter: string | readonly string[] = [],
  ): RigMember {
    const home = join(this.folder, name);
    mkdirSync(home, { recursive: true });
    const member = new RigMember(
      name,
      home,
      env,
      typeof enter === 'string' ? ['ip', 'netns', 'exec', enter] : enter,
    );
    this.#members.push(member);
    return member;
  }

  /** A founder of team `acme` and others who joined it by invite, all connected to the founder. */
  team(...names: readonly string[]): Promise<RigMember[]> {
    return this.join(names.map(name => this.member(name)));
  }

  /** The same with these members. */
  async join(members: RigMember[]): Promise<RigMember[]> {
    const [founder, ...others] = members;
    await founder!.ok('join', 'acme', '--create', '--name', founder!.name);
    for (const member of others) {
      const { line } = await founder!.json<NewInvite>('invite', '--json');
      await member.okWith({ input: line }, 'join', '-', '--name', member.name);
      await founder!.sees(member.name);
    }
    return members;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await Promise.all(this.#members.map(member => member.end()));
    chmodSync(this.folder, 0o700);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class RigMember {
  readonly name: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #enter: readonly string[];
  readonly #pids = new Set<number>();
  #frozen: readonly number[] = [];

  constructor(name: string, home: string, env: Readonly<Record<string, string>>, enter: readonly string[]) {
    this.#enter = enter;
    this.name = name;
    this.home = home;
    this.env = {
      PATH: process.env.PATH,
      HOME: home,
      P2PCACHE_HOME: home,
      P2PCACHE_LISTEN: '127.0.0.1:0',
      P2PCACHE_DOOR_LISTEN: '127.0.0.1:0',
      P2PCACHE_MDNS: 'off',
      ...env,
    };
  }

  /** Runs `p2pcache` with these arguments and says how it ended. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.runWith({}, ...args);
  }

  runWith(options: RunOptions, ...args: readonly string[]): Promise<Ran> {
    return this.exec([process.execPath, program, ...args], options);
  }

  /** As `run`, but throws unless it succeeds. */
  ok(...args: readonly string[]): Promise<Ran> {
    return this.okWith({}, ...args);
  }

  async okWith(options: RunOptions, ...args: readonly string[]): Promise<Ran> {
    const ran = await this.runWith(options, ...args);
    if (ran.exitCode === 0) return ran;
    throw new Error(
      `${this.name}: p2pcache ${args.join(' ')} ended with ${ran.exitCode}:\n${ran.stdout}${ran.stderr}`,
    );
  }

  /** What a command that succeeds prints with --json. */
  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse((await this.ok(...args)).stdout) as T;
  }

  stats(): Promise<StatsSnapshot> {
    return this.json('stats', '--json');
  }

  /** Runs a program with the cache in front of its compilers, as after `eval "$(p2pcache env)"`. */
  async build(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const variables = await this.json<Record<string, string>>('env', '--json');
    return this.exec(argv, { ...options, env: { ...variables, ...options.env } });
  }

  async pid(): Promise<number> {
    const { pid } = await this.json<DaemonStatus>('status', '--json');
    this.#pids.add(pid);
    return pid;
  }

  /** Signals the daemon; one that is frozen already as well. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const frozen = [...this.#frozen];
    const pids = frozen.length > 0 ? frozen : [await this.pid()];
    for (const pid of pids) process.kill(pid, signal);
    this.#frozen = signal === 'SIGSTOP' ? pids : [];
  }

  /** Resolves once the daemon's view of the team satisfies `isSo`; the test's own timeout bounds it. */
  async until(isSo: (team: TeamView) => boolean): Promise<void> {
    const { controlSocket } = memberPaths(this.env, this.home, this.home);
    while (!isSo(await askDaemon(controlSocket, 'team', {}))) await sleep(20);
  }

  /** As `p2pcache farm --json`, but without the cost of a command; its daemon must run. */
  farm(): Promise<FarmView> {
    const { controlSocket } = memberPaths(this.env, this.home, this.home);
    return askDaemon(controlSocket, 'farm', {});
  }

  /** Resolves once that member is online for this one. */
  sees(name: string): Promise<void> {
    return this.until(team => team.members.some(member => member.name === name && member.isOnline));
  }

  /** Ends the daemon, frozen or not. */
  async end(): Promise<void> {
    const { controlSocket } = memberPaths(this.env, this.home, this.home);
    for (const pid of this.#pids) signalIfAlive(pid, 'SIGCONT');
    const stopped = await askDaemon(controlSocket, 'stop', {}).catch(() => undefined);
    if (stopped === undefined) {
      // None runs, or one that cannot be reached any more: of those seen, none may be left.
      for (const pid of this.#pids) if (isDaemon(pid)) signalIfAlive(pid, 'SIGKILL');
      return;
    }
    for (let waitedMs = 0; signalIfAlive(stopped.pid, 0); waitedMs += 20) {
      if (waitedMs > 10_000) signalIfAlive(stopped.pid, 'SIGKILL');
      await sleep(20);
    }
  }

  exec(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.start(argv, options).ended;
  }

  /** Runs a program that the test may signal. */
  start(argv: readonly string[], { input, cwd, env }: RunOptions = {}): Started {
    const [file = '', ...args] = [...this.#enter, ...argv];
    const child = spawn(file, args, { cwd: cwd ?? this.home, env: { ...this.env, ...env } });
    const ended = new Promise<Ran>((resolve, reject) => {
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', text => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
      child.on('error', reject);
      child.on('close', exitCode => resolve({ exitCode, stdout, stderr }));
      child.stdin.on('error', () => {});
      child.stdin.end(input ?? '');
    });
    return { pid: child.pid!, ended };
  }
}

/** Process ids are used again: nobody else's process may be hit. */
function isDaemon(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('p2pcache-daemon');
  } catch {
    return false;
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
