// Running a program and saying what it cost: the time on the wall, and the processor time of everything it started, of the
// daemon behind it too. The clock that the kernel keeps for processes ticks every 10 ms, so what is measured must take longer.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface RunOptions {
  readonly cwd: string;
  /** Added to PATH and HOME, which is all that a program gets of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const tickMs = 10;

/** Runs the program to its end. */
export function run([file = '', ...args]: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: options.cwd, env: environment(options.env) });
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
    child.stdin.end(options.input ?? '');
  });
}

/** As `run`, but rejects unless the program succeeds. */
export async function runOk(argv: readonly string[], options: RunOptions): Promise<Ran> {
  const ran = await run(argv, options);
  if (ran.exitCode === 0) return ran;
  const said = `${ran.stdout}${ran.stderr}`.trimEnd().split('\n').slice(-20).join('\n');
  throw new Error(`${argv.slice(0, 4).join(' ')} … ended with ${ran.exitCode}:\n${said}`);
}

/** What running the program costs, with the processor time that `daemonPid` takes meanwhile. */
export async function costOf(
  argv: readonly string[],
  options: RunOptions,
  daemonPid: number | undefined,
): Promise<Cost> {
  const before = cpuMs('self', 'children') + cpuMs(daemonPid, 'own');
  const startedAtMs = performance.now();
  await runOk(argv, options);
  const wallMs = performance.now() - startedAtMs;
  return { wallMs, cpuMs: cpuMs('self', 'children') + cpuMs(daemonPid, 'own') - before };
}

/** Processor time of a process so far: its own, or that of the children it has waited for, and theirs. */
export function cpuMs(pid: number | 'self' | undefined, of: 'own' | 'children'): number {
  if (pid === undefined) return 0;
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system] = of === 'own' ? fields.slice(11, 13) : fields.slice(13, 15); // proc(5): utime, stime, cutime, cstime
  return (Number(user) + Number(system)) * tickMs;
}

/** Memory that a process has in use now, and at its largest, in bytes. */
export function memoryOf(pid: number): { readonly rssBytes: number; readonly rssBytesMax: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1]) * 1024;
  return { rssBytes: bytes('VmRSS'), rssBytesMax: bytes('VmHWM') };
}

export function environment(added: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', LC_ALL: 'C.UTF-8', ...added };
}

/** The middle one of these costs, each of its parts for itself. */
export function medianCost(costs: readonly Cost[]): Cost {
  return { wallMs: median(costs.map(cost => cost.wallMs)), cpuMs: median(costs.map(cost => cost.cpuMs)) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
