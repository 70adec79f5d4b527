// The daemon's process: reads the settings, takes the home's lock, serves until it is told to stop. It says that it serves,
// or why it cannot, on the descriptor that its starter passed.
import { closeSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { constants, homedir, setPriority } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { ControlError } from '../src/control.ts';
import { memberPaths } from '../src/control-paths.ts';
import { CodedError, exitCodes } from '../src/errors.ts';
import { version } from '../src/version.ts';
import { loadConfig } from './config.ts';
import { Daemon, prepareFolders } from './daemon.ts';
import { takeDaemonLock } from './system/daemon-lock.ts';
import { EventLog } from './system/event-log.ts';

const stopMsMax = 5_000;
const isForeground = process.env.P2PCACHE_FOREGROUND === '1';

process.title = 'p2pcache-daemon';
// What runs here is short and waits for the kernel: optimizing it costs more than it gains. Measured once, on a busy machine: a
// fifth to a third less processor time for a build's first farmed jobs; a hit took as long either way.
setFlagsFromString('--no-opt');
// What compiles made passes through here in large buffers, which V8 counts: a build of 300 MB of crates made it go through the whole
// heap 31 times, a quarter of the processor time that the daemon took. The heap itself is small, so it may grow further first.
setFlagsFromString('--heap-growing-percent=500');
try {
  // Every build here and every job at teammates waits for it; what it runs for long has a lower priority (system/priority.ts).
  setPriority(constants.priority.PRIORITY_ABOVE_NORMAL);
} catch {
  // only root and few others may
}
// Nothing that this process makes is for others to read.
process.umask(0o077);

async function run(): Promise<void> {
  const paths = memberPaths(process.env, homedir(), process.cwd());
  const config = await loadConfig(paths.configFile, process.env);
  prepareFolders(paths);
  const releaseLock = takeDaemonLock(paths.runDir);
  writeFileSync(paths.pidFile, `${process.pid}\n`);
  const echo = isForeground ? (line: string) => process.stderr.write(`${line}\n`) : undefined;
  const log = new EventLog(join(paths.logDir, 'daemon.log'), config.logSizeBytesMax, echo);

  let stop = (_why: string): void => {};
  const stopped = new Promise<string>(resolve => {
    stop = resolve;
  });
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // The terminal it was started from may go; the daemon stays.
  process.on('SIGHUP', () => isForeground && stop('SIGHUP'));
  process.on('SIGPIPE', () => {});
  process.on('unhandledRejection', error => log.write('bug', { error: stackOf(error) }));
  process.on('uncaughtException', error => {
    log.write('bug', { error: stackOf(error), fatal: true });
    process.exit(exitCodes.INTERNAL);
  });

  const daemon = await Daemon.start({ paths, config, log, onStopAsked: () => stop('asked') });
  log.write('started', { pid: process.pid, version, node: process.versions.node });
  report({ pid: process.pid });

  log.write('stopping', { why: await stopped });
  const giveUp = setTimeout(() => process.exit(0), stopMsMax);
  await daemon.stop();
  clearTimeout(giveUp);
  log.write('stopped');
  rmSync(paths.pidFile, { force: true });
  releaseLock();
  process.exit(0);
}

/** Tells whoever started this process, once. */
function report(message: { pid: number } | { error: ControlError }): void {
  const fd = Number(process.env.P2PCACHE_READY_FD ?? Number.NaN);
  delete process.env.P2PCACHE_READY_FD; // its children have another descriptor of that number
  if (!Number.isInteger(fd)) return;
  try {
    writeSync(fd, `${JSON.stringify(message)}\n`);
    closeSync(fd);
  } catch {}
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  await run();
} catch (error) {
  const known = error instanceof CodedError ? error : new CodedError('INTERNAL', stackOf(error));
  const { code, message, hint } = known;
  report({ error: { code, message, ...(hint === undefined ? {} : { hint }) } });
  process.stderr.write(`p2pcache: ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`);
  process.exit(exitCodes[code]);
}
