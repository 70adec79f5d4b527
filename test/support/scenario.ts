// Scenarios: a folder of sources and a list of shell lines, run with the plain compiler, then through a cache cold and hot,
// in one and the same folder, and compared line by line: exit code, both streams, and every file's bytes and mode.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Compiler = 'gcc' | 'clang';

export interface Scenario {
  readonly name: string;
  /** Where it says something about one family only. */
  readonly only?: Compiler;
  readonly files?: Readonly<Record<string, string>>;
  /**
   * Shell lines, each one step. `$CC` and `$CXX` are the compilers as a build calls them; `$LAUNCHER` alone stands before a
   * compiler named otherwise (it is empty in the plain run), `$REAL` is the C compiler's own path and `$NAME` its name.
   */
  readonly steps: readonly string[];
  /** Compiles of the hot run that must be hits; every one that the steps name, where it is not given. */
  readonly hits?: number | Readonly<Record<Compiler, number>>;
  /** Files whose bytes the plain compiler itself makes anew each time. */
  readonly changing?: RegExp;
  /** Lines of the streams that differ from one plain run to the next. */
  readonly changingText?: RegExp;
  /** Skipped aloud where this shell line fails. */
  readonly needs?: string;
}

/** What stands before the compilers: nothing, p2pcache, or another cache that it is compared with. */
export interface Front {
  /** What is put before a compiler; empty: nothing. */
  readonly launcher: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Compiles answered from the cache so far. */
  hits(): number;
}

/** What one step left behind: its end, its streams, and a line for every file below the folder. */
export interface StepOutcome {
  readonly step: string;
  readonly end: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly files: readonly string[];
}

export const plainFront: Front = {
  launcher: '',
  environment: {},
  hits: () => 0,
};

export function cxx(compiler: Compiler): string {
  return compiler === 'gcc' ? 'g++' : 'clang++';
}

const realPaths = new Map<string, string>();

/** Where the program is; empty: nowhere. Asked once: a spawn that is waited for holds up all scenarios at once. */
function realPath(program: string): string {
  const known = realPaths.get(program);
  if (known !== undefined) return known;
  const found = spawnSync('/bin/sh', ['-c', `command -v ${program}`])
    .stdout.toString()
    .trim();
  realPaths.set(program, found);
  return found;
}

/** The compiles that the steps name. */
export function callsOf({ steps }: Scenario): number {
  return steps.join('\n').match(/\$(CC|CXX|LAUNCHER)\b/g)?.length ?? 0;
}

export function expectedHits(scenario: Scenario, compiler: Compiler): number {
  const { hits } = scenario;
  return hits === undefined ? callsOf(scenario) : typeof hits === 'number' ? hits : hits[compiler];
}

/** Why the scenario cannot run here, or undefined. */
export function missingFor({ needs, only }: Scenario, compiler: Compiler): string | undefined {
  if (only !== undefined && only !== compiler) return `only for ${only}`;
  if (realPath(cxx(compiler)) === '') return `${compiler} is not installed`;
  if (needs !== undefined && spawnSync('/bin/sh', ['-c', needs], { cwd: tmpdir() }).status !== 0)
    return `needs: ${needs}`;
  return undefined;
}

export class ScenarioFolder {
  readonly #base = mkdtempSync(join(tmpdir(), 'p2pcache-scenario-'));
  /** Where the steps run: always the same path, made anew for each run. */
  readonly path = join(this.#base, 'w');

  /** Runs all steps through the front. */
  async run(scenario: Scenario, compiler: Compiler, front: Front): Promise<StepOutcome[]> {
    this.#clear();
    mkdirSync(this.path);
    for (const [name, text] of Object.entries(scenario.files ?? {})) {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      writeFileSync(join(this.path, name), text);
    }
    const outcomes: StepOutcome[] = [];
    for (const step of scenario.steps) outcomes.push(await this.#runStep(step, scenario, compiler, front));
    return outcomes;
  }

  async #runStep(step: string, scenario: Scenario, compiler: Compiler, front: Front): Promise<StepOutcome> {
    const environment = {
      PATH: process.env.PATH,
      HOME: this.#base,
      NAME: compiler,
      REAL: realPath(compiler),
      LAUNCHER: front.launcher,
      CC: `${front.launcher} ${compiler}`.trim(),
      CXX: `${front.launcher} ${cxx(compiler)}`.trim(),
      ...front.environment,
    };
    const { end, stdout, stderr } = await runShell(step, this.path, environment);
    const hide = (text: string) =>
      (scenario.changingText ? text.replaceAll(scenario.changingText, '…') : text).replaceAll(
        temporaryName,
        '$1…',
      );
    return {
      step,
      end,
      stdout: hide(stdout),
      stderr: hide(stderr),
      files: snapshot(this.path, scenario.changing),
    };
  }

  #clear(): void {
    try {
      rmSync(this.path, { recursive: true, force: true });
    } catch {
      // something is mounted there, or cannot be changed
      spawnSync('/bin/sh', ['-c', 'umount w/* 2>/dev/null; chattr -R -i w 2>/dev/null'], { cwd: this.#base });
      rmSync(this.path, { recursive: true, force: true });
    }
  }

  [Symbol.dispose](): void {
    this.#clear();
    rmSync(this.#base, { recursive: true, force: true });
  }
}

/** Names that compilers make up anew each time. */
const temporaryName = /(\/tmp\/cc|-)(?:(?<=cc)\w{6}|[0-9a-f]{8}(?=\.\w+\.tmp))/g;

/** The slowest step takes seconds; what hangs for so long hangs for ever. */
const stepTimeoutMs = 90_000;

/** Runs one shell line to its end; one that does not come to it is killed with all its processes and ends as `hangs`. */
export function runShell(
  line: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ end: string; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', line], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      process.kill(-child.pid!, 'SIGKILL');
    }, stepTimeoutMs);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', chunk => out.push(chunk));
    child.stderr.on('data', chunk => err.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const [stdout, stderr] = [out, err].map(chunks => Buffer.concat(chunks).toString('latin1')) as [
        string,
        string,
      ];
      resolve({ end: hangs ? 'hangs' : (signal ?? `exit code ${code}`), stdout, stderr });
    });
  });
}

/** One line for each file below the folder: name, kind, mode, links, and what it holds. */
export function snapshot(folder: string, changing: RegExp | undefined): string[] {
  const lines: string[] = [];
  const visit = (path: Buffer, name: string) => {
    for (const entry of readdirSync(path, { encoding: 'buffer' })) {
      const at = Buffer.concat([path, Buffer.from('/'), entry]);
      const label = `${name}${entry.toString('latin1')}`.replace(temporaryName, '$1…');
      const stats = lstatSync(at);
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) {
        lines.push(`${label}/ ${mode}`);
        visit(at, `${label}/`);
      } else if (stats.isSymbolicLink()) lines.push(`${label} -> ${readlinkSync(at)}`);
      else if (!stats.isFile()) lines.push(`${label} special ${mode}`);
      else lines.push(`${label} ${mode} links=${stats.nlink} ${changing?.test(label) ? '…' : contentOf(at)}`);
    }
  };
  visit(Buffer.from(folder), '');
  return lines.sort();
}

function contentOf(path: Buffer): string {
  const bytes = readFileSync(path);
  return `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

/** What differs between two runs of one scenario, step by step; empty where nothing does. */
export function differences(
  run: string,
  plain: readonly StepOutcome[],
  cached: readonly StepOutcome[],
): string[] {
  return plain.flatMap((expected, i) => {
    const found = cached[i]!;
    const where = `${run}, step ${i + 1} (${expected.step})`;
    const lines = (['end', 'stdout', 'stderr'] as const)
      .filter(what => expected[what] !== found[what])
      .map(what => `${where}: ${what}: plain ${shown(expected[what])}, cached ${shown(found[what])}`);
    const only = (a: readonly string[], b: readonly string[]) => a.filter(line => !b.includes(line));
    for (const line of only(expected.files, found.files)) lines.push(`${where}: plain alone: ${line}`);
    for (const line of only(found.files, expected.files)) lines.push(`${where}: cached alone: ${line}`);
    return lines;
  });
}

const shown = (text: string) => JSON.stringify(text.length > 2000 ? `${text.slice(0, 2000)}…` : text);
