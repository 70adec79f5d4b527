// `p2pcache clean`: forgets everything that is cached on this machine.
import { Command } from 'commander';
import { CodedError } from '../../src/errors.ts';
import { ask } from '../daemon.ts';
import { print, printJson } from '../output.ts';
import { confirm, isInteractive } from '../prompt.ts';
import { describeSpace } from './gc.ts';

export const command = new Command()
  .option('-y, --yes', 'do not ask')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Every result and everything known about earlier compiles on this machine goes. Your key, the team, settings and counters stay, and
so does what teammates hold: the next build takes it from them. To let go of a part only: p2pcache gc.

Examples:
  p2pcache clean
  p2pcache clean --yes --json`,
  )
  .action(async ({ yes, json }: { yes?: boolean; json?: boolean }) => {
    if (!yes) {
      if (!isInteractive()) {
        throw new CodedError('BAD_INPUT', 'there is no terminal to ask whether you are sure', {
          hint: 'type: p2pcache clean --yes',
        });
      }
      if (!(await confirm('Forget everything that is cached on this machine?')))
        throw new CodedError('CANCELLED', 'nothing was changed');
    }
    const space = await ask('clean', {}, { silenceMsMax: Number.POSITIVE_INFINITY });
    if (json) printJson(space);
    else print(describeSpace(space));
  });
