// Builds the launcher and the observer with the machine's own C compiler, once per version of their sources, and lays out
// the folder of shims: links named gcc, g++, clang… that `p2pcache env` puts first on PATH.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CodedError } from '../../src/errors.ts';

export interface InstalledLauncher {
  /** The launcher: put before a compiler, as in CC="<launcher> gcc". */
  readonly launcher: string;
  readonly observer: string;
  /** Goes first on PATH. */
  readonly shimDir: string;
}

const run = promisify(execFile);
const sources = [
  'launcher.c',
  'observer.c',
  'begun-outputs.h',
  'checks.h',
  'frames.h',
  'log.h',
  'process-tree.h',
  'ready.h',
  'restore.h',
];
const shimNames = ['gcc', 'g++', 'cc', 'c++', 'clang', 'clang++'];
const compilers = ['cc', 'gcc', 'clang'];

/** Where an installed launcher's parts are; they need not exist yet. */
export function launcherPaths(binDir: string): InstalledLauncher {
  return {
    launcher: join(binDir, 'p2pcache-launcher'),
    observer: join(binDir, 'observer.so'),
    shimDir: join(binDir, 'shims'),
  };
}

/**
 * Builds what is not built yet. `startDaemon` and `runCli` are shell commands: the launcher runs the first when the daemon
 * died, the shim named p2pcache runs the second. Rejects with STORAGE where the folder cannot be written and with BAD_INPUT
 * where there is no C compiler.
 */
export async function installLauncher(
  binDir: string,
  commands: { readonly startDaemon: string; readonly runCli: string },
): Promise<InstalledLauncher> {
  const paths = launcherPaths(binDir);
  const sourceDir = new URL('.', import.meta.url).pathname.replace('/dist/cli/launcher/', '/cli/launcher/');
  const hash = createHash('sha256').update(JSON.stringify(commands));
  for (const name of sources) hash.update(await readFile(join(sourceDir, name)));
  const stamp = join(binDir, 'built-from');
  const version = hash.digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === version && (await exists(paths.launcher)))
    return paths;
  try {
    await mkdir(paths.shimDir, { recursive: true, mode: 0o700 });
    // without libraries to load it starts in half the time; not every machine has a libc.a
    await build(sourceDir, 'launcher.c', paths.launcher, ['-static']).catch(() =>
      build(sourceDir, 'launcher.c', paths.launcher, []),
    );
    await build(sourceDir, 'observer.c', paths.observer, ['-shared', '-fPIC', '-Wl,-z,initfirst', '-ldl']);
    await writeScript(join(binDir, 'start-daemon'), `exec ${commands.startDaemon}`);
    const { launcher } = paths;
    const cc = `if [ "$1" = cc ]; then shift; exec ${quote(launcher)} "$@"; fi`;
    await writeScript(join(paths.shimDir, 'p2pcache'), `${cc}\nexec ${commands.runCli} "$@"`);
    for (const name of shimNames) {
      const shim = join(paths.shimDir, name);
      await rm(shim, { force: true });
      if (await onPath(name, paths.shimDir)) await symlink(launcher, shim);
    }
    await writeFile(stamp, version);
  } catch (error) {
    if (error instanceof CodedError) throw error;
    throw new CodedError('STORAGE', `cannot set up the launcher in ${binDir}: ${(error as Error).message}`, {
      hint: 'Make that folder writable, or set P2PCACHE_HOME to one that is.',
      cause: error,
    });
  }
  return paths;
}

async function build(sourceDir: string, source: string, output: string, options: string[]): Promise<void> {
  const temporary = `${output}.${process.pid}`;
  const environment = { ...process.env, P2PCACHE_MODE: 'off' };
  let problem: unknown;
  for (const compiler of compilers) {
    try {
      await run(compiler, ['-O2', '-o', temporary, join(sourceDir, source), ...options], {
        env: environment,
      });
      await rename(temporary, output); // a running launcher keeps its old file
      return;
    } catch (error) {
      problem = error;
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') break;
    }
  }
  throw new CodedError(
    'BAD_INPUT',
    `cannot build the launcher: ${(problem as Error).message.split('\n').slice(0, 3).join(' ')}`,
    {
      hint: 'Install a C compiler (Debian: apt-get install gcc libc6-dev), then run this again.',
      cause: problem,
    },
  );
}

async function writeScript(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o700 });
  await chmod(path, 0o700);
}

async function onPath(name: string, except: string): Promise<boolean> {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    if (folder !== '' && folder !== except && (await exists(join(folder, name)))) return true;
  }
  return false;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
