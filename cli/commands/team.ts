// `p2pcache team`: who is in the team, what each may do, who is online.
import { Command } from 'commander';
import type { MemberView, TeamView } from '../../src/control.ts';
import { ask } from '../daemon.ts';
import { bold, dim, print, printJson, table } from '../output.ts';

export const command = new Command()
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Roles: reader (uses the cache), writer (its results count), worker (lends its processor),
       ci (its results count under the strictest policy), admin (lets in, invites, revokes).

Examples:
  p2pcache team
  p2pcache team --json | jq -r '.members[] | select(.isOnline) | .name'`,
  )
  .action(async ({ json }: { json?: boolean }) => {
    const team = await ask('team', {});
    if (json) printJson(team);
    else print(describe(team));
  });

function describe(team: TeamView): string {
  const rows = team.members.map(member => [
    member.name,
    presence(member),
    member.roles.join(' '),
    member.fingerprint,
  ]);
  const lines = [bold(`team ${team.name}`), dim(`id ${team.id}`), '', table(rows)];
  if (team.waiting > 0) {
    const who = team.waiting === 1 ? '1 machine waits' : `${team.waiting} machines wait`;
    lines.push('', `${who} to be let in; see: p2pcache trust`);
  }
  return lines.join('\n');
}

function presence({ isSelf, isOnline, isRevoked }: MemberView): string {
  if (isRevoked) return 'revoked';
  if (isSelf) return 'this machine';
  return isOnline ? 'online' : 'offline';
}
