// How this machine comes into a team: founds it, is let in at a member's door, or brings an invite.
import { hostname } from 'node:os';
import type { FoundTeam, JoinedTeam } from '../src/control.ts';
import { CodedError } from '../src/errors.ts';
import type { Identity } from '../src/team/identity.ts';
import { nameFromHost, requireName } from '../src/team/member-name.ts';
import { parseStatementId } from '../src/team/statement.ts';
import { clock, loadSwarm } from './compose.ts';
import type { Daemon } from './daemon.ts';
import type { OperationHandlers } from './endpoints/control-socket.ts';
import type { Admission, JoinInit } from './libp2p/swarm-api.ts';
import { optionalCount, optionalText, type Request, requiredText } from './request-fields.ts';
import { systemRandom } from './system/system-random.ts';
import type { CurrentTeam, TeamFolder } from './team-folder.ts';

type JoinHandlers = Pick<OperationHandlers, 'discover' | 'found' | 'knock' | 'joinByInvite'>;

const discoverMsDefault = 5_000;
const inviteMsDefault = 60_000;
/** People go to lunch. */
const knockMsDefault = 4 * 3_600_000;

export function joinOperations(daemon: Daemon): JoinHandlers {
  const { config } = daemon.foundation;
  const memberName = (request: Request) =>
    requireName(optionalText(request, 'memberName') ?? (config.name || nameFromHost(hostname())), 'member');

  return {
    discover: async (request, { signal }) => {
      const teamName = requireName(requiredText(request, 'teamName'), 'team');
      const address = optionalText(request, 'address');
      const timeoutMs = optionalCount(request, 'timeoutMs') ?? discoverMsDefault;
      const { findTeams } = await loadSwarm();
      const found = await findTeams({ timeoutMs, address, mdns: config.mdns, clock, signal });
      const named = found.filter(team => team.teamName === teamName);
      return {
        teams: named.map(({ teamId: id, teamName: name, memberName: member, addresses }) => ({
          id,
          name,
          member,
          addresses,
        })),
      };
    },

    found: async request => {
      const teamName = requireName(requiredText(request, 'teamName'), 'team');
      const name = memberName(request);
      await daemon.move(folder => folder.found(teamName, name));
      return joinedTeam(daemon);
    },

    knock: async (request, { signal, progress }) => {
      const team = requireFoundTeam(request.team);
      const timeoutMs = optionalCount(request, 'timeoutMs') ?? knockMsDefault;
      const name = memberName(request);
      const { knock } = await loadSwarm();
      await daemon.move((folder, identity) =>
        within(timeoutMs, signal, 'nobody let this machine in', async ended => {
          const init = {
            ...joinInit(identity, name, ended),
            onPhrase: (phrase: string) => progress({ phrase }),
          };
          const { id: teamId, name: teamName, member, addresses } = team;
          return adopt(folder, await knock({ teamId, teamName, memberName: member, addresses }, init));
        }),
      );
      return joinedTeam(daemon);
    },

    joinByInvite: async (request, { signal }) => {
      const line = requiredText(request, 'line');
      const timeoutMs = optionalCount(request, 'timeoutMs') ?? inviteMsDefault;
      const name = memberName(request);
      const { joinByInvite } = await loadSwarm();
      await daemon.move((folder, identity) =>
        within(timeoutMs, signal, 'no member of the team answered', async ended => {
          const init = { ...joinInit(identity, name, ended), mdns: config.mdns };
          return adopt(folder, await joinByInvite(line, init).catch(addHint));
        }),
      );
      return joinedTeam(daemon);
    },
  };
}

function joinInit(identity: Identity, name: string, signal: AbortSignal): JoinInit {
  return { identity, name, clock, random: systemRandom, signal };
}

/** A member that refuses an invite gives its reason only. */
function addHint(error: unknown): never {
  const isBare = error instanceof CodedError && error.code === 'INVITE_REFUSED' && error.hint === undefined;
  if (!isBare) throw error;
  throw new CodedError(error.code, error.message, {
    hint: 'ask an admin for a new one: p2pcache invite',
    cause: error,
  });
}

/** The team and its members' addresses are on disk before this machine counts as one of them. */
async function adopt(folder: TeamFolder, admission: Admission): Promise<CurrentTeam> {
  const teamId = parseStatementId(admission.teamId);
  if (teamId === undefined) throw new CodedError('REFUSED', 'the member sent no team');
  await folder.addressBook(teamId).save(admission.addresses);
  return folder.adopt(teamId, admission.statements);
}

function joinedTeam({ session: { identity, team } }: Daemon): JoinedTeam {
  const keyring = team.ledger.keyring();
  const self = keyring.members.get(identity.key);
  return {
    team: { id: keyring.teamId, name: keyring.teamName },
    member: { name: self?.name ?? '', key: identity.key, roles: self?.roles ?? [] },
  };
}

/** Runs `attempt` with a signal that ends it after `timeoutMs` (then NO_ANSWER) or when whoever asked has gone (CANCELLED). */
async function within<T>(
  timeoutMs: number,
  gone: AbortSignal,
  what: string,
  attempt: (ended: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    return await attempt(AbortSignal.any([late, gone]));
  } catch (error) {
    if (gone.aborted) throw new CodedError('CANCELLED', 'stopped waiting', { cause: error });
    if (!late.aborted) throw error;
    throw new CodedError('NO_ANSWER', `${what} within ${timeoutMs / 1000} s`, {
      hint: 'is a member of the team online and in reach? Then try again, with a longer --timeout',
      cause: error,
    });
  }
}

function requireFoundTeam(value: unknown): FoundTeam {
  const { id, name, member, addresses } = (value ?? {}) as Record<string, unknown>;
  const isSound =
    parseStatementId(id) !== undefined &&
    typeof name === 'string' &&
    typeof member === 'string' &&
    Array.isArray(addresses) &&
    addresses.every(address => typeof address === 'string');
  if (!isSound) throw new CodedError('BAD_INPUT', '"team" must be a team that discover found');
  return value as FoundTeam;
}
