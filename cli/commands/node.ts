// `p2pcache node`: the daemon in the foreground, its events on the screen; for user services, containers and the curious.
import { spawn } from 'node:child_process';
import { Command } from 'commander';
import { daemonCommand, ownPaths } from '../daemon.ts';

export const command = new Command()
  .addHelpText(
    'after',
    `
Ctrl-C ends it. Without it the daemon starts by itself, in the background, when a command needs it.

A user service (systemd): ExecStart=%h/.local/bin/p2pcache node`,
  )
  .action(async () => {
    const { file, args, env } = daemonCommand(ownPaths());
    const child = spawn(file, args, { env: { ...env, P2PCACHE_FOREGROUND: '1' }, stdio: 'inherit' });
    // The terminal sends Ctrl-C to both; a service manager signals this process alone.
    process.on('SIGINT', () => {});
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    process.exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', code => resolve(code ?? 1));
    });
  });
