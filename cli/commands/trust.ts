// `p2pcache trust`: lists the machines that wait to be let in, and lets one in once the phrase on both screens is the same.
import { Command } from 'commander';
import type { Newcomer } from '../../src/control.ts';
import { CodedError } from '../../src/errors.ts';
import { ask } from '../daemon.ts';
import { bold, print, printJson, table } from '../output.ts';
import { confirm, isInteractive } from '../prompt.ts';

interface Options {
  readonly yes?: boolean;
  readonly roles?: string;
  readonly json?: boolean;
}

export const command = new Command()
  .argument('[machine]', 'its name, or the first characters of its key')
  .option('-y, --yes', 'do not ask: the phrase was compared')
  .option('--roles <list>', 'what it may do: reader, writer, worker, ci, admin')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
The newcomer's screen shows the same phrase. If the two differ, someone stands in between: do not let it in.

Examples:
  p2pcache trust                       who waits
  p2pcache trust desk-2                let it in, after comparing the phrase
  p2pcache trust desk-2 --yes --roles reader`,
  )
  .action(async (who: string | undefined, options: Options) => {
    const { waiting } = await ask('waiting', {});
    if (who === undefined) return list(waiting, options);
    if (!options.yes) await comparePhrase(who, waiting);
    const roles = options.roles === undefined ? {} : { roles: options.roles.split(/[\s,]+/).filter(Boolean) };
    const { member } = await ask('admit', { who, ...roles });
    if (options.json) printJson({ member });
    else print(`${member.name} is in the team (${member.roles.join(', ')})`);
  });

function list(waiting: readonly Newcomer[], { json }: Options): void {
  const [first] = waiting;
  if (json) printJson({ waiting });
  else if (first === undefined) print('nobody waits to be let in');
  else {
    const rows = waiting.map(({ name, key, phrase }) => [name, key.slice(0, 12), bold(phrase)]);
    print(table([['machine', 'key', 'phrase'], ...rows]));
    print(`\nSame phrase on its screen? Then: p2pcache trust ${first.name}`);
  }
}

async function comparePhrase(who: string, waiting: readonly Newcomer[]): Promise<void> {
  const fitting = waiting.filter(({ name, key }) => name === who || key.startsWith(who));
  // The daemon says it better where none or several fit.
  if (fitting.length !== 1) return;
  if (!isInteractive()) {
    throw new CodedError('BAD_INPUT', 'there is no terminal to compare the phrase on', {
      hint: `compare it first (p2pcache trust), then: p2pcache trust ${who} --yes`,
    });
  }
  const isSame = await confirm(`Does the screen of ${fitting[0]!.name} show "${fitting[0]!.phrase}"?`);
  if (!isSame) throw new CodedError('CANCELLED', 'not let in');
}
