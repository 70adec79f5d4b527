// A compile front on memory stores behind a real launcher socket, with the real launcher and observer: what a compile does
// through p2pcache, without a team. `await using` cleans up.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installLauncher } from '../../cli/launcher/install.ts';
import { launcherServer } from '../../node/endpoints/launcher-socket.ts';
import { ReadyHits } from '../../node/endpoints/ready-hits.ts';
import { ProjectSettings } from '../../node/project-settings.ts';
import { childProcesses } from '../../node/system/child-processes.ts';
import { realClock } from '../../node/system/real-clock.ts';
import { MemoryActionCache } from '../../src/actions/memory-action-cache.ts';
import { CompileFront } from '../../src/compile/compile-front.ts';
import { FileStates } from '../../src/compile/file-states.ts';
import { Manifests } from '../../src/compile/manifests.ts';
import { ReadyResults } from '../../src/compile/ready-results.ts';
import { Repeats } from '../../src/compile/repeats.ts';
import { StoringQueue } from '../../src/compile/storing-queue.ts';
import { Pipeline } from '../../src/pipeline.ts';
import { deadline } from '../../src/platform/clock.ts';
import { Stats, type StatsSnapshot } from '../../src/stats.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';
import { generateIdentity } from '../../src/team/identity.ts';

export interface Ran {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** What rigs can share: the built programs, and the memory of files' digests that a daemon gathers in its life. */
export interface SharedParts {
  readonly folder: string;
  readonly launcher: string;
  readonly observer: string;
  readonly states: FileStates;
}

/** To be removed by whoever made it: `folder`. */
export async function sharedParts(): Promise<SharedParts> {
  const folder = mkdtempSync(join(tmpdir(), 'p2pcache-rig-'));
  const { launcher, observer } = await installLauncher(join(folder, 'bin'), {
    startDaemon: 'false',
    runCli: 'false',
  });
  return { folder, launcher, observer, states: new FileStates(realClock) };
}

export class CompileRig {
  readonly home: string;
  readonly launcher: string;
  readonly stats = new Stats(0);
  readonly fallbacks: unknown[] = [];
  readonly #server: Server;
  readonly #storing: StoringQueue;
  readonly hits: ReadyHits;
  readonly ready: ReadyResults;
  /** Launchers that asked: those that answered by themselves did not. */
  asked = 0;

  private constructor(home: string, { launcher, observer, states }: SharedParts, processors: number) {
    this.home = home;
    this.launcher = launcher;
    const settings = new ProjectSettings({});
    const pipeline = memoryPipeline(this.stats, error => this.fallbacks.push(error));
    this.hits = new ReadyHits(join(home, 'run', 'hits'), 600_000); // tests say when it hears;
    this.ready = new ReadyResults({ dir: join(home, 'run', 'ready'), bytesMax: 256 * 1024 * 1024 });
    const repeats = new Repeats({
      ...{ ready: this.ready, states },
      hear: () => this.hits.hear(),
      onRepeated: () => this.stats.hit('memory', { savedMs: 0, bytes: 0 }),
    });
    this.hits.listen(({ kind, name }) => repeats[kind](name));
    this.#storing = new StoringQueue({
      clock: realClock,
      processors,
      bytesMax: 128 * 1024 * 1024,
      isInTeam: () => false,
      onError: error => this.fallbacks.push(error),
    });
    const front = new CompileFront({
      repeats,
      results: pipeline,
      manifests: new Manifests(pipeline),
      states,
      events: {
        repeated: () => {},
        hit: found => this.stats.hit(found.tier, { savedMs: 0, bytes: 0 }),
        miss: () => this.stats.miss(),
        uncached: reason => this.stats.uncached(reason),
        unproven: () => this.stats.lost('folder-unproven'),
        refused: reason => this.stats.refused(reason),
      },
      cpu: () => 'this cpu',
      settings: (request, folder, source) => settings.for(request, folder, source),
      processes: childProcesses,
      storing: this.#storing,
      peerDeadline: () => deadline(realClock, 1000),
    });
    const socketPath = join(home, 'run', 'launcher.sock');
    this.#server = launcherServer(
      {
        front,
        observerPath: () => observer,
        onRefused: reason => this.stats.refused(reason),
        onFallback: (reason, error) => {
          this.stats.fallback(reason);
          this.fallbacks.push(error);
        },
      },
      socketPath,
    ).listen(socketPath);
  }

  /**
   * With parts of its own where none are given. Results wait to be stored while as many compiles run as there are `processors`,
   * and do not count as misses until then.
   */
  static async start(shared?: SharedParts, processors = Number.POSITIVE_INFINITY): Promise<CompileRig> {
    const own = shared ?? (await sharedParts());
    const home = shared === undefined ? own.folder : mkdtempSync(join(tmpdir(), 'p2pcache-rig-'));
    mkdirSync(join(home, 'run'));
    const rig = new CompileRig(home, own, processors);
    rig.#server.on('connection', () => {
      rig.asked += 1;
    });
    await new Promise(resolve => rig.#server.once('listening', resolve));
    return rig;
  }

  /** Runs a command through the launcher. */
  cached(argv: readonly string[], options: RunOptions): Promise<Ran> {
    return runCommand([this.launcher, ...argv], {
      ...options,
      env: { ...options.env, P2PCACHE_HOME: this.home },
    });
  }

  /** Once all that was compiled is stored. */
  async counts(): Promise<StatsSnapshot> {
    await this.#storing.settleAll();
    this.hits.hear();
    return this.stats.snapshot();
  }

  /** Compiles answered from the cache so far. */
  hitCount(): number {
    this.hits.hear();
    return Object.values(this.stats.snapshot().hits).reduce((sum, hits) => sum + hits, 0);
  }

  /** What a build leaves when `run` runs it without a launcher (the empty string), then with this one twice. */
  async plainColdHot<Left>(
    run: (launcher: string, environment: Readonly<Record<string, string>>) => Promise<Left>,
  ): Promise<{ plain: Left; cold: Left; hot: Left; before: StatsSnapshot; after: StatsSnapshot }> {
    const environment = { P2PCACHE_HOME: this.home };
    const plain = await run('', {});
    const cold = await run(this.launcher, environment);
    const before = await this.counts();
    const hot = await run(this.launcher, environment);
    return { plain, cold, hot, before, after: await this.counts() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise(resolve => this.#server.close(resolve));
    await this.#storing.close();
    this.hits.close();
    await removeFolder(this.home);
  }
}

/** A result may still be on its way to where it lies ready: then once more. */
async function removeFolder(folder: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || tries === 100) throw error;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}

/** A pipeline that keeps everything in memory. */
export function memoryPipeline(stats: Stats, onError: (error: unknown) => void): Pipeline {
  const nothing = new MemoryBlobStore();
  return new Pipeline({
    identity: generateIdentity(),
    teamId: () => 'rig',
    clock: realClock,
    actions: new MemoryActionCache(),
    memory: new MemoryBlobStore(),
    disk: new MemoryBlobStore(),
    peerActions: new MemoryActionCache(),
    peerBlobs: nothing,
    announce: () => {},
    onFallback: (reason, error) => {
      stats.fallback(reason);
      onError(error);
    },
    onStored: bytes => stats.stored(bytes),
  });
}

/** Runs a command to its end with a small environment of its own: PATH, HOME and what is given. */
export function runCommand(argv: readonly string[], { cwd, env, stdin }: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd,
      env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on('data', chunk => out.push(chunk));
    child.stderr?.on('data', chunk => err.push(chunk));
    child.stdin?.end(stdin);
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      const [stdout, stderr] = [out, err].map(chunks => Buffer.concat(chunks).toString('latin1')) as [
        string,
        string,
      ];
      resolve({ exitCode, signal, stdout, stderr });
    });
  });
}
