// Programs run as children of the daemon, at a lower priority than the build that waits for them.
import { execFile } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { ProcessRunner } from '../../src/platform/process-runner.ts';

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
      try {
        if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
      } catch {
        // it has ended already, or may not be changed: it runs as it is
      }
    });
  },
};
