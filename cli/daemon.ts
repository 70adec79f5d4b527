// The daemon as the commands see it: there when they need it, started where it is not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ControlError, Operation, Operations } from '../src/control.ts';
import { type MemberPaths, memberPaths } from '../src/control-paths.ts';
import { CodedError } from '../src/errors.ts';
import { type AskOptions, askDaemon, errorOf, isDaemonThere } from './control-client.ts';

const startMsMax = 20_000;

export function ownPaths(): MemberPaths {
  return memberPaths(process.env, homedir(), process.cwd());
}

/** Asks the daemon, starting it first where none runs. */
export async function ask<Op extends Operation>(
  operation: Op,
  body: Operations[Op]['request'],
  options?: AskOptions<Op>,
): Promise<Operations[Op]['result']> {
  const paths = ownPaths();
  await ensureDaemon(paths);
  return askDaemon(paths.controlSocket, operation, body, options);
}

/** Returns once a daemon answers. Rejects with the reason why one could not start. */
export async function ensureDaemon(paths: MemberPaths): Promise<void> {
  if (await isDaemonThere(paths.controlSocket)) return;
  const failure = await startDaemon(paths);
  if (failure === undefined) return;
  // Two commands at once: the other one's daemon holds the lock and will answer in a moment.
  if (failure.code !== 'AMBIGUOUS') throw errorOf(failure);
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += 100) {
    await sleep(100);
    if (await isDaemonThere(paths.controlSocket)) return;
  }
  throw new CodedError('UNREACHABLE', 'a daemon holds this home but does not answer', {
    hint: `see its log in ${paths.logDir}`,
  });
}

/** How to run the daemon: this Node, and node/main beside the code that runs now. */
export function daemonCommand(paths: MemberPaths): { file: string; args: string[]; env: NodeJS.ProcessEnv } {
  const main = fileURLToPath(new URL(`../node/main${extname(import.meta.url)}`, import.meta.url));
  // A daemon outlives the folder it was started from.
  const home = paths.home === undefined ? {} : { P2PCACHE_HOME: paths.home };
  return {
    file: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', main],
    env: { ...process.env, ...home },
  };
}

/** Starts a daemon that survives this process and its terminal. Resolves to undefined once it serves, else to its reason. */
async function startDaemon(paths: MemberPaths): Promise<ControlError | undefined> {
  const { file, args, env } = daemonCommand(paths);
  const stderr = openErrorFile(paths);
  // Descriptor 3 is where it says that it serves, or why not; then it closes it.
  const child = spawn(file, args, {
    cwd: '/',
    env: { ...env, P2PCACHE_READY_FD: '3' },
    detached: true,
    stdio: ['ignore', 'ignore', stderr ?? 'ignore', 'pipe'],
  });
  if (stderr !== undefined) closeSync(stderr);
  const report = child.stdio[3] as Readable;
  let said = '';
  report.on('data', chunk => {
    said += chunk;
  });
  const giveUp = setTimeout(() => report.destroy(), startMsMax);
  await once(report, 'close');
  clearTimeout(giveUp);
  child.unref();
  try {
    return (JSON.parse(said) as { error?: ControlError }).error;
  } catch {
    return {
      code: 'INTERNAL',
      message: 'the daemon did not start',
      hint: `it said: ${readErrorFile(paths)}`,
    };
  }
}

/** What the daemon's process says when it cannot even write its log. */
function errorFile({ logDir }: MemberPaths): string {
  return join(logDir, 'daemon.stderr');
}

function openErrorFile(paths: MemberPaths): number | undefined {
  try {
    mkdirSync(paths.logDir, { recursive: true, mode: 0o700 });
    return openSync(errorFile(paths), 'w', 0o600);
  } catch {
    return undefined;
  }
}

function readErrorFile(paths: MemberPaths): string {
  try {
    return readFileSync(errorFile(paths), 'utf8').trim().slice(0, 2_000) || 'nothing';
  } catch {
    return 'nothing';
  }
}
