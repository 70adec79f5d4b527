// `p2pcache invite`: one line that lets a machine in without anyone's approval, for CI and for machines far away.
import { Command, InvalidArgumentError } from 'commander';
import type { InviteView } from '../../src/control.ts';
import { ask } from '../daemon.ts';
import { formatDuration, parseDuration, print, printJson, say, table } from '../output.ts';

interface Options {
  readonly expires: string;
  readonly uses: number;
  readonly roles?: string;
  readonly list?: boolean;
  readonly revoke?: string;
  readonly json?: boolean;
}

export const command = new Command()
  .option('--expires <span>', 'how long it is good for: 30m, 1h, 7d', '1h')
  .option('--uses <count>', 'how many machines it lets in', parseUses, 1)
  .option('--roles <list>', 'what they may do: reader, writer, worker, ci, admin')
  .option('--list', 'list the invites that are still good')
  .option('--revoke <id>', 'take an invite back')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
The line is a secret until it is used or has expired. Hand it over where others cannot read it; on the other
machine a shell keeps what is typed, so rather pipe it in.

Examples:
  p2pcache invite                                      there: p2pcache join -
  p2pcache invite --expires 30d --uses 500 --roles ci  for a CI's secret store; in its job:
  printf %s "$P2PCACHE_INVITE" | p2pcache join -`,
  )
  .action(async (options: Options) => {
    if (options.list) return list(options);
    if (options.revoke !== undefined) return takeBack(options.revoke, options);
    const roles = options.roles === undefined ? {} : { roles: options.roles.split(/[\s,]+/).filter(Boolean) };
    const invite = await ask('invite', {
      expiresMs: parseDuration(options.expires),
      uses: options.uses,
      ...roles,
    });
    if (options.json) return printJson(invite);
    print(invite.line);
    const left = formatDuration(parseDuration(options.expires));
    say(
      `Good for ${left} and ${options.uses === 1 ? 'one machine' : `${options.uses} machines`}. There: p2pcache join -`,
    );
  });

async function list({ json }: Options): Promise<void> {
  const { invites } = await ask('invites', {});
  if (json) return printJson({ invites });
  if (invites.length === 0) return print('no invite is good at present');
  print(table([['id', 'uses left', 'expires', 'roles'], ...invites.map(row)]));
}

function row({ id, usesLeft, expiresAtMs, roles }: InviteView): string[] {
  return [id.slice(0, 12), String(usesLeft), new Date(expiresAtMs).toLocaleString(), roles.join(' ')];
}

async function takeBack(id: string, { json }: Options): Promise<void> {
  await ask('revokeInvite', { id });
  if (json) printJson({ revoked: id });
  else print('taken back; it lets nobody in any more');
}

function parseUses(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a whole number from 1.');
}
