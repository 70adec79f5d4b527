// `p2pcache doctor <part>`: what is in the way of a part of p2pcache, each with what to do about it.
import { Command } from 'commander';
import { ask } from '../daemon.ts';
import { print, printJson, table } from '../output.ts';

const farm = new Command('farm')
  .summary('sandbox, roles, toolchains, workers')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
sandbox     what this machine needs to run jobs of teammates: bubblewrap, and user namespaces for it
role        who works for others needs the role worker (p2pcache trust <name> --roles writer,worker)
toolchain   whether a compiler of this machine can be sent to workers, and what is sent, once
worker      which teammates take jobs of this machine now, and if not, why not`,
  )
  .action(async ({ json }: { json?: boolean }) => {
    const { checks } = await ask('farmDoctor', {});
    if (json) printJson(checks);
    else print(table(checks.map(({ what, isFine, detail }) => [isFine ? 'ok' : '!!', what, detail])));
  });

export const command = new Command();
command.addCommand(farm);
