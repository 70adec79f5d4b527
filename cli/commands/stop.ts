// `p2pcache stop`: ends the daemon and returns once its process is gone.
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { CodedError } from '../../src/errors.ts';
import { askDaemon, isNobodyThere } from '../control-client.ts';
import { ownPaths } from '../daemon.ts';
import { print } from '../output.ts';

const stopMsMax = 15_000;

export const command = new Command()
  .addHelpText(
    'after',
    `
Builds that run go on without the cache. Nothing is lost: the next command that needs the daemon starts it again.`,
  )
  .action(async () => {
    let pid: number;
    try {
      ({ pid } = await askDaemon(ownPaths().controlSocket, 'stop', {}));
    } catch (error) {
      if (!isNobodyThere(error)) throw error;
      print('no daemon was running');
      return;
    }
    for (let waitedMs = 0; isAlive(pid); waitedMs += 20) {
      if (waitedMs >= stopMsMax) {
        throw new CodedError(
          'NO_ANSWER',
          `the daemon (process ${pid}) has not ended after ${stopMsMax / 1000} s`,
          {
            hint: `end it with: kill -9 ${pid}`,
          },
        );
      }
      await sleep(20);
    }
    print('stopped');
  });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
