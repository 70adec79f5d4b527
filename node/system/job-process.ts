// A job as a process of this machine: starts it within its limits, gathers what it says, ends it when a limit is broken or nobody
// wants it any more. What it sees of the machine is its sandbox's matter (bubblewrap.ts, bare-root.ts).
import { type ChildProcess, spawn } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import {
  type Sandbox,
  type SandboxEnd,
  SandboxError,
  type SandboxLimits,
  type SandboxRun,
} from '../../src/farm/sandbox.ts';
import type { JobCgroup } from './job-cgroup.ts';
import { lowerPriority } from './priority.ts';

/** How often a job's use of the disk is looked at; what it may write meanwhile is beyond its limit. */
const diskCheckMs = 1_000;

export abstract class JobProcess implements Sandbox {
  abstract readonly kind: string;
  abstract readonly canShow: boolean;
  protected readonly observer: string;
  readonly #cgroup: JobCgroup | undefined;

  /** `observer`: the compiled library that jobs are run with. `cgroup`: bounds what resource limits cannot, where there is one. */
  constructor(observer: string, cgroup: JobCgroup | undefined) {
    this.observer = observer;
    this.#cgroup = cgroup;
  }

  run(run: SandboxRun, signal: AbortSignal): Promise<SandboxEnd> {
    signal.throwIfAborted();
    const [program, ...args] = [
      ...(this.#cgroup?.wrapper() ?? []),
      ...resourceLimits(run.limits),
      ...this.commandLine(run),
    ];
    const startedMs = performance.now();
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {}, detached: true });
    lowerPriority(child, constants.priority.PRIORITY_BELOW_NORMAL);
    const ended = Promise.withResolvers<SandboxEnd>();
    let broke: string | undefined;
    const stop = (limit: string | undefined) => {
      broke ??= limit;
      killGroup(child);
    };
    const out = collect(child.stdout!, run.limits.streamBytes, () => stop('output'));
    const err = collect(child.stderr!, run.limits.streamBytes, () => stop('output'));
    const timer = setTimeout(() => stop('time'), run.limits.wallMs);
    const watch = setInterval(() => {
      if (bytesBelow(run.writable.map(({ hostFolder }) => hostFolder)) > run.limits.diskBytes) stop('disk');
    }, diskCheckMs);
    const onAbort = () => stop(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('error', error => ended.reject(new SandboxError(error.message)));
    child.once('close', exitCode => {
      const durationMs = performance.now() - startedMs;
      const [stdout, stderr] = [out(), err()];
      const trouble = exitCode === 1 ? this.#troubleIn(stderr.toString('latin1')) : undefined;
      if (signal.aborted) ended.reject(signal.reason);
      else if (trouble !== undefined) ended.reject(new SandboxError(trouble));
      else ended.resolve({ exitCode: exitCode ?? undefined, broke, stdout, stderr, durationMs });
    });
    return ended.promise.finally(() => {
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener('abort', onAbort);
    });
  }

  /** What runs the job, within its resource limits. */
  protected abstract commandLine(run: SandboxRun): string[];

  /** The programs of `commandLine` that make the sandbox: what they say with exit code 1 is their trouble, not the job's. */
  protected abstract readonly makers: readonly string[];

  #troubleIn(stderr: string): string | undefined {
    const [first = ''] = stderr.split('\n', 1);
    return ['prlimit', ...this.makers].some(name => first.startsWith(`${name}: `)) ? first : undefined;
  }
}

function resourceLimits(limits: SandboxLimits): string[] {
  return [
    'prlimit',
    `--as=${limits.memoryBytes}`,
    `--cpu=${limits.cpuS}`,
    `--fsize=${limits.fileBytes}`,
    `--nproc=${limits.processes}`,
    '--core=0',
    '--nofile=1024',
  ];
}

/** The whole process group: bwrap's end takes its namespace, and with it every process of the job, along. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has ended already
  }
}

/** Gathers a stream up to its bound; what was gathered is had by calling the result. */
function collect(stream: NodeJS.ReadableStream, bytesMax: number, onTooMuch: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > bytesMax) onTooMuch();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks);
}

function bytesBelow(folders: readonly string[]): number {
  let bytes = 0;
  const pending = [...folders];
  for (let seen = 0; pending.length > 0 && seen < 10_000; seen++) {
    const path = pending.pop()!;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory()) pending.push(...namesIn(path).map(name => join(path, name)));
    else bytes += (stats?.blocks ?? 0) * 512;
  }
  return bytes;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // gone meanwhile
  }
}
