// `p2pcache join`: brings this machine into a team, by invite or at a member's door, or founds the team.
import { Command } from 'commander';
import { type FoundTeam, invitePrefix, type JoinedTeam } from '../../src/control.ts';
import { CodedError } from '../../src/errors.ts';
import { ask } from '../daemon.ts';
import { bold, parseDuration, print, printJson, say } from '../output.ts';
import { askPerson, confirm, isInteractive, readStdin } from '../prompt.ts';

interface Options {
  readonly create?: boolean;
  readonly name?: string;
  readonly yes?: boolean;
  readonly teamId?: string;
  readonly address?: string;
  readonly timeout?: string;
  readonly json?: boolean;
}

const discoverMsDefault = 5_000;
const stdinSizeMax = 16_384;

export const command = new Command()
  .argument('<team>', "the team's name, an invite line, or - to read either from standard input")
  .option('--create', 'found the team if none of that name is in reach')
  .option('--name <name>', "what the team calls this machine (default: the host's name)")
  .option('-y, --yes', 'do not ask, say yes')
  .option('--team-id <id>', 'which of several teams of that name (the first characters will do)')
  .option(
    '--address <host:port>',
    "a member's door (its p2pcache status shows it), where the local network does not",
  )
  .option('--timeout <span>', 'how long to look for the team and to wait at the door: 30s, 10m')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
By name: the team is found on the local network and this machine waits at its door, showing a phrase. A member types
"p2pcache trust", compares the phrase and lets it in. Ctrl-C stops waiting; nothing is lost by that.
By invite: nobody has to approve. "p2pcache invite" on a member's machine makes one.

Examples:
  p2pcache join acme                       found it, or wait to be let in
  p2pcache join acme --create --name ci-1  without a terminal
  p2pcache join acme --address 10.0.0.5:4778
  printf %s "$P2PCACHE_INVITE" | p2pcache join -   keeps the invite out of the list of processes`,
  )
  .action(async (target: string, options: Options) => {
    const text = target === '-' ? await readStdin(stdinSizeMax) : target;
    await requireNoTeam();
    const joined = text.startsWith(invitePrefix)
      ? await joinByInvite(text, options)
      : await joinByName(text, options);
    if (options.json) return printJson(joined);
    if (joined === undefined) return;
    const { team, member } = joined;
    print(`${member.name} is in team ${bold(team.name)} (${member.roles.join(', ')})`);
    say('Next: eval "$(p2pcache env)", then build as always.');
  });

async function requireNoTeam(): Promise<void> {
  const { team, home } = await ask('status', {});
  if (team === null) return;
  throw new CodedError('BAD_INPUT', `this machine is in team ${team.name} already`, {
    hint:
      home === null
        ? 'another member on the same machine needs a home of its own: set P2PCACHE_HOME'
        : 'set P2PCACHE_HOME to another folder to join as another member',
  });
}

function joinByInvite(line: string, { name, timeout }: Options): Promise<JoinedTeam> {
  const request = {
    line,
    ...(name === undefined ? {} : { memberName: name }),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) }),
  };
  return ask('joinByInvite', request, { silenceMsMax: Number.POSITIVE_INFINITY });
}

async function joinByName(teamName: string, options: Options): Promise<JoinedTeam> {
  const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout);
  say(
    options.address === undefined
      ? `Looking for team ${teamName} on this network ...`
      : `Asking ${options.address} ...`,
  );
  const { teams } = await ask(
    'discover',
    {
      teamName,
      timeoutMs: Math.min(timeoutMs ?? discoverMsDefault, discoverMsDefault),
      ...(options.address === undefined ? {} : { address: options.address }),
    },
    { silenceMsMax: Number.POSITIVE_INFINITY },
  );
  const team = await choose(teams, teamName, options);
  return team === undefined ? found(teamName, options) : knock(team, options, timeoutMs);
}

/** The one team meant; undefined where none is in reach. */
async function choose(
  teams: readonly FoundTeam[],
  teamName: string,
  { teamId }: Options,
): Promise<FoundTeam | undefined> {
  const fitting = teams.filter(({ id }) => teamId === undefined || id.startsWith(teamId));
  if (fitting.length === 0 && teamId !== undefined) {
    throw new CodedError(
      'NO_ANSWER',
      `no team ${teamName} with an id that starts with ${teamId} is in reach`,
      {
        hint:
          teams.length > 0
            ? `in reach: ${teams.map(describe).join('; ')}`
            : 'is a member online? see: p2pcache team',
      },
    );
  }
  if (fitting.length <= 1) return fitting[0];
  if (!isInteractive()) {
    throw new CodedError(
      'AMBIGUOUS',
      `${fitting.length} teams are called ${teamName}: ${fitting.map(describe).join('; ')}`,
      {
        hint: `say which: p2pcache join ${teamName} --team-id ${fitting[0]!.id.slice(0, 12)}`,
      },
    );
  }
  say(`${fitting.length} teams are called ${teamName}:`);
  for (const [i, team] of fitting.entries()) say(`  ${i + 1}  ${describe(team)}`);
  const answer = await askPerson('Which one? ');
  const chosen = /^\d+$/.test(answer ?? '') ? fitting[Number(answer) - 1] : undefined;
  if (chosen === undefined) throw new CodedError('CANCELLED', 'none was chosen; nothing was changed');
  return chosen;
}

function describe({ id, member, addresses }: FoundTeam): string {
  return `${id.slice(0, 12)}, its member ${member} at ${addresses[0]}`;
}

async function found(teamName: string, options: Options): Promise<JoinedTeam> {
  if (!options.create && !options.yes) {
    const isWanted =
      isInteractive() &&
      (await confirm(`No team ${teamName} is in reach. Found it, with this machine as its admin?`));
    if (!isWanted) throw notFound(teamName);
  }
  return ask('found', { teamName, ...(options.name === undefined ? {} : { memberName: options.name }) });
}

function notFound(teamName: string): CodedError {
  if (isInteractive()) return new CodedError('CANCELLED', 'nothing was changed');
  return new CodedError('NO_ANSWER', `no team ${teamName} is in reach`, {
    hint: `found it with --create; or give a member's door with --address, or ask a member for an invite`,
  });
}

async function knock(team: FoundTeam, { name, json }: Options, timeoutMs?: number): Promise<JoinedTeam> {
  say(`Found team ${team.name} (${team.id.slice(0, 12)}), at the door of ${team.member}.`);
  const cancelled = new AbortController();
  process.once('SIGINT', () => cancelled.abort());
  const request = {
    team,
    ...(name === undefined ? {} : { memberName: name }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return ask('knock', request, {
    signal: cancelled.signal,
    silenceMsMax: Number.POSITIVE_INFINITY,
    onProgress: ({ phrase }) => {
      if (json) printJson({ phrase });
      say(`\n  phrase: ${bold(phrase)}\n`);
      say('A member must see the same one (p2pcache trust) and let this machine in. Waiting ...');
    },
  });
}
