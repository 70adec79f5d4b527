// The real sandbox: bubblewrap (https://github.com/containers/bubblewrap). Every namespace is new, so there is no network, no
// other process, no home; the root is the client's files, read-only; what a job may write is a folder of its own, gone after it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { SandboxRun } from '../../src/farm/sandbox.ts';
import { JobProcess } from './job-process.ts';

export class Bubblewrap extends JobProcess {
  override readonly kind = 'bubblewrap';
  override readonly canShow = true;
  protected override readonly makers = ['bwrap'];

  protected override commandLine({
    root,
    shown,
    writable,
    log,
    argv,
    cwd,
    environment,
  }: SandboxRun): string[] {
    const folders = writable.flatMap(({ path, hostFolder, kept }) => [
      ...['--bind', hostFolder, path],
      ...kept.flatMap(below => ['--ro-bind', join(root, below), below]),
    ]);
    return [
      'bwrap',
      '--unshare-all',
      '--unshare-user',
      '--disable-userns',
      '--die-with-parent',
      '--new-session',
      '--cap-drop',
      'ALL',
      ...['--ro-bind', root, '/', '--dev', '/dev', '--proc', '/proc'],
      ...shown.flatMap(({ path, hostFile }) => ['--ro-bind', hostFile, path]),
      ...folders,
      ...['--ro-bind', this.observer, '/.p2pcache/observer.so', '--bind', log.hostFile, log.path],
      '--clearenv',
      ...[...environment].flatMap(([name, value]) => ['--setenv', name, value]),
      ...['--chdir', cwd, '--', ...argv],
    ];
  }
}

/** Why bubblewrap cannot be used here, in words for a person; undefined where it can. */
export function bubblewrapTrouble(): Promise<string | undefined> {
  return new Promise(resolve => {
    const args = [
      '--unshare-all',
      '--unshare-user',
      '--disable-userns',
      '--ro-bind',
      '/',
      '/',
      '--',
      '/bin/true',
    ];
    execFile('bwrap', args, { timeout: 10_000 }, (error, _out, said) => {
      if (error === null) return resolve(undefined);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return resolve('bubblewrap is not installed');
      resolve(`bubblewrap does not run here: ${said.trim().split('\n')[0] || error.message}`);
    });
  });
}
