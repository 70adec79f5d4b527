// Programs run as children of the daemon, at a lower priority than the builds beside them.
import { execFile } from 'node:child_process';
import { constants } from 'node:os';
import type { ProcessRunner, Program } from '../../src/platform/process-runner.ts';
import { lowerPriority } from './priority.ts';

export const childProcesses: ProcessRunner = {
  outputOf({ path, argv, cwd, environment }, { timeoutMs, bytesMax }) {
    return new Promise(resolve => {
      const options = {
        argv0: argv[0],
        cwd,
        env: environment,
        timeout: timeoutMs,
        maxBuffer: bytesMax,
      } as const;
      const child = execFile(
        path,
        argv.slice(1),
        { ...options, encoding: 'buffer', killSignal: 'SIGKILL' },
        (error, out) => resolve(error === null ? out : undefined),
      );
      child.stdin?.end();
      lowerPriority(child, constants.priority.PRIORITY_BELOW_NORMAL);
    });
  },
};

export interface Ended {
  /** Undefined where a signal or a limit ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Runs a program to its end at the lowest priority. Never rejects. */
export function runIdly(
  { path, argv, cwd, environment }: Program,
  { timeoutMs, bytesMax, signal }: { timeoutMs: number; bytesMax: number; signal: AbortSignal },
): Promise<Ended> {
  return new Promise(resolve => {
    const options = {
      argv0: argv[0],
      cwd,
      env: environment,
      timeout: timeoutMs,
      maxBuffer: bytesMax,
      signal,
    } as const;
    const child = execFile(
      path,
      argv.slice(1),
      { ...options, encoding: 'buffer', killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        resolve({ exitCode: typeof code === 'number' ? code : undefined, stdout, stderr });
      },
    );
    child.stdin?.end();
    lowerPriority(child, constants.priority.PRIORITY_LOW);
  });
}
