// `p2pcache doctor <part>`: what is in the way of a part of p2pcache, each with what to do about it.
import { Command } from 'commander';
import { ask } from '../daemon.ts';
import { print, printJson, table } from '../output.ts';

const farm = new Command('farm')
  .summary('sandbox, roles, workers')
  .option('--json', 'print JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const { checks } = await ask('farmDoctor', {});
    if (json) printJson(checks);
    else print(table(checks.map(({ what, isFine, detail }) => [isFine ? 'ok' : '!!', what, detail])));
  });

export const command = new Command();
command.addCommand(farm);
