// `p2pcache status`: what the daemon is doing and where its things lie. Never starts one.
import { Command } from 'commander';
import type { DaemonStatus } from '../../src/control.ts';
import { askDaemon, isNobodyThere } from '../control-client.ts';
import { ownPaths } from '../daemon.ts';
import { bold, formatBytes, formatDuration, print, printJson, table } from '../output.ts';

export const command = new Command()
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Exits with 9 where no daemon runs; that is no fault, the next command that needs one starts it.

Examples:
  p2pcache status
  p2pcache status --json | jq -r .door      where a newcomer can knock: p2pcache join <team> --address <that>`,
  )
  .action(async ({ json }: { json?: boolean }) => {
    const status = await currentStatus();
    if (json) {
      printJson(status ?? { running: false });
      if (status === undefined) process.exitCode = 9;
      return;
    }
    if (status === undefined) {
      print('no daemon is running; it starts with the next command that needs it');
      process.exitCode = 9;
      return;
    }
    print(describe(status));
  });

async function currentStatus(): Promise<DaemonStatus | undefined> {
  try {
    return await askDaemon(ownPaths().controlSocket, 'status', {});
  } catch (error) {
    if (isNobodyThere(error)) return undefined;
    throw error;
  }
}

function describe(status: DaemonStatus): string {
  const { store, team } = status;
  return table([
    [
      'daemon',
      bold(`running, process ${status.pid}, for ${formatDuration(Date.now() - status.startedAtMs)}`),
    ],
    ['version', status.version],
    ['member', `${status.member.name} (${status.member.key.slice(0, 12)})`],
    [
      'team',
      team === null ? 'none yet; type: p2pcache join <team>' : `${team.name} (${team.id.slice(0, 12)})`,
    ],
    ['teammates', `${status.peers} connected`],
    ['listens', status.listen.join(' ') || '-'],
    ['door', status.door ?? '-'],
    ['store', `${formatBytes(store.bytes)} of at most ${formatBytes(store.bytesMax)}, ${store.dir}`],
    ['log', status.logFile],
  ]);
}
