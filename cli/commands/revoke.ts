// `p2pcache revoke`: from now on nothing of a machine's is used, here or at any teammate's.
import { Command } from 'commander';
import { CodedError } from '../../src/errors.ts';
import { ask } from '../daemon.ts';
import { parseDuration, print, printJson } from '../output.ts';
import { confirm, isInteractive } from '../prompt.ts';

interface Options {
  readonly yes?: boolean;
  readonly since?: string;
  readonly purge?: boolean;
  readonly json?: boolean;
}

export const command = new Command()
  .argument('<member>', 'its name, or the first characters of its key')
  .option('-y, --yes', 'do not ask')
  .option(
    '--since <when>',
    'keep what it made before: a date such as 2026-01-31T12:00, or a span such as 2h (ago)',
  )
  .option('--purge', 'also delete what only that machine vouched for')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Its connections drop at once. Teammates who are offline learn of it from the first member they meet.
It cannot be undone: the machine comes back with a new key, by p2pcache join.

Examples:
  p2pcache revoke desk-2
  p2pcache revoke desk-2 --since 2h --yes     someone had it for the last two hours`,
  )
  .action(async (who: string, options: Options) => {
    const sinceMs = options.since === undefined ? undefined : parseSince(options.since);
    if (!options.yes) {
      const isSure =
        isInteractive() && (await confirm(`Stop using everything of ${who}, for the whole team?`));
      if (!isSure) throw notConfirmed(who);
    }
    const request = {
      who,
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(options.purge ? { purge: true } : {}),
    };
    const result = await ask('revoke', request);
    if (options.json) return printJson(result);
    print(`${result.member.name} is revoked; nothing of it is used any more, here or at any teammate's`);
    if (options.purge) print(`deleted ${result.purgedRecords} records that only it vouched for`);
  });

function parseSince(text: string): number {
  if (/^\d+(ms|s|m|h|d)$/.test(text)) return Date.now() - parseDuration(text);
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new CodedError('BAD_INPUT', `${JSON.stringify(text)} is not a time`, {
    hint: 'write a date such as 2026-01-31 or 2026-01-31T12:00, or a span such as 2h',
  });
}

function notConfirmed(who: string): CodedError {
  if (isInteractive()) return new CodedError('CANCELLED', 'nothing was changed');
  return new CodedError('BAD_INPUT', 'there is no terminal to ask whether you are sure', {
    hint: `type: p2pcache revoke ${who} --yes`,
  });
}
