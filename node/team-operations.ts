// What the commands about a team do: list it, let newcomers in, invite, revoke. Each change is a statement in the team's
// ledger, which src/team checks and the swarm spreads.
import type { InviteView, MemberView, NewInvite, RevokeResult, TeamView } from '../src/control.ts';
import { CodedError } from '../src/errors.ts';
import {
  type Author,
  buildChange,
  buildInvite,
  buildRevoke,
  inviteProblem,
} from '../src/team/build-statement.ts';
import { generateIdentity, type MemberKey } from '../src/team/identity.ts';
import { encodeInviteLine } from '../src/team/invite-line.ts';
import type { Invite, Role } from '../src/team/keyring.ts';
import type { Ledger } from '../src/team/ledger.ts';
import { resolveMember } from '../src/team/member-name.ts';
import { fingerprint } from '../src/team/phrase.ts';
import { clock } from './compose.ts';
import type { Daemon } from './daemon.ts';
import type { OperationHandlers } from './endpoints/control-socket.ts';
import type { Swarm, WaitingNewcomer } from './libp2p/swarm-api.ts';
import {
  flag,
  optionalCount,
  optionalRoles,
  type Request,
  requiredCount,
  requiredText,
} from './request-fields.ts';

type TeamHandlers = Pick<
  OperationHandlers,
  'team' | 'waiting' | 'admit' | 'invite' | 'invites' | 'revokeInvite' | 'revoke'
>;

const rolesDefault: readonly Role[] = ['reader', 'writer', 'worker'];
const keyPrefixLengthMin = 6;

export function teamOperations(daemon: Daemon): TeamHandlers {
  return {
    team: async () => teamView(inTeam(daemon)),
    waiting: async () => ({
      waiting: inTeam(daemon)
        .swarm.waiting()
        .map(({ name, key, phrase }) => ({ name, key, phrase })),
    }),
    admit: async request => ({ member: await admit(inTeam(daemon), request) }),
    invite: async request => invite(inTeam(daemon), request),
    invites: async () => ({ invites: goodInvites(inTeam(daemon)).map(inviteView) }),
    revokeInvite: async request => {
      const team = inTeam(daemon);
      await team.ledger.addOwn(buildRevoke(team.author, findInvite(team, requiredText(request, 'id')).key));
      return {};
    },
    revoke: async request => revoke(daemon, inTeam(daemon), request),
  };
}

interface InTeam {
  readonly author: Author;
  readonly ledger: Ledger;
  readonly swarm: Swarm;
}

/** NOT_IN_TEAM while this machine is alone. */
function inTeam({ session: { identity, team, swarm } }: Daemon): InTeam {
  if (swarm === undefined) {
    const message =
      team.revokedFrom === undefined
        ? 'this machine is not in a team yet'
        : `this machine was revoked from team ${team.revokedFrom}, and is in no other`;
    throw new CodedError('NOT_IN_TEAM', message, { hint: 'type: p2pcache join <team>' });
  }
  return { author: { identity, ledger: team.ledger, nowMs: clock.nowMs() }, ledger: team.ledger, swarm };
}

function teamView(team: InTeam): TeamView {
  const { ledger, swarm } = team;
  const { teamId: id, teamName: name, members } = ledger.keyring();
  return {
    id,
    name,
    members: [...members.keys()].map(key => memberView(team, key)),
    waiting: swarm.waiting().length,
  };
}

function memberView({ author, ledger, swarm }: InTeam, key: MemberKey): MemberView {
  const { name, roles, isRevoked } = ledger.keyring().members.get(key)!;
  const isSelf = key === author.identity.key;
  const isOnline = isSelf || swarm.connectedMembers().includes(key);
  return { name, key, fingerprint: fingerprint(key), roles, isRevoked, isOnline, isSelf };
}

/** Lets a newcomer in; or, where a member of that name is in already and roles are given, gives it those. */
async function admit(team: InTeam, request: Request): Promise<MemberView> {
  const who = requiredText(request, 'who');
  const roles = optionalRoles(request, 'roles');
  const newcomers = team.swarm.waiting().filter(newcomer => isMeant(newcomer, who));
  if (newcomers.length > 1) {
    throw new CodedError('AMBIGUOUS', `${newcomers.length} machines that wait fit "${who}"`, {
      hint: `give the first characters of the key: ${newcomers.map(({ key }) => key.slice(0, 12)).join(', ')}`,
    });
  }
  const [newcomer] = newcomers;
  if (newcomer !== undefined) {
    await team.swarm.admit(newcomer.key, roles ?? rolesDefault);
    return memberView(team, newcomer.key);
  }
  if (roles === undefined) throw nobodyWaits(team, who);
  const { key, name } = resolveMember(team.ledger.keyring(), who);
  await team.ledger.addOwn(buildChange(team.author, key, { name, roles }));
  return memberView(team, key);
}

function isMeant({ name, key }: WaitingNewcomer, who: string): boolean {
  const isKeyPrefix = who.length >= keyPrefixLengthMin && key.startsWith(who.replaceAll('-', ''));
  return name === who || isKeyPrefix;
}

function nobodyWaits({ ledger, swarm }: InTeam, who: string): CodedError {
  const waiting = swarm.waiting().map(({ name }) => name);
  const isMember = [...ledger.keyring().members.values()].some(
    ({ name, isRevoked }) => name === who && !isRevoked,
  );
  const message = isMember ? `${who} is in the team already` : `nobody called "${who}" waits to be let in`;
  const hint =
    waiting.length > 0
      ? `waiting: ${waiting.join(', ')}`
      : `there, type: p2pcache join ${ledger.keyring().teamName}`;
  return new CodedError('UNKNOWN_MEMBER', message, { hint });
}

/** Makes a key that opens the team, and the line that carries it. */
async function invite({ author, ledger, swarm }: InTeam, request: Request): Promise<NewInvite> {
  const identity = generateIdentity();
  const expiresAtMs = author.nowMs + requiredCount(request, 'expiresMs');
  const roles = optionalRoles(request, 'roles') ?? rolesDefault;
  const usesMax = requiredCount(request, 'uses');
  await ledger.addOwn(buildInvite(author, { invite: identity.key, roles, expiresAtMs, usesMax }));
  const { teamName } = ledger.keyring();
  const line = encodeInviteLine({
    teamId: ledger.teamId,
    teamName,
    seed: identity.seed,
    expiresAtMs,
    // Others too: the invite must work while this machine is off.
    addresses: swarm.teamAddresses(),
  });
  return { line, id: identity.key, expiresAtMs, usesLeft: usesMax, roles };
}

function goodInvites({ author, ledger }: InTeam): Invite[] {
  return [...ledger.keyring().invites.values()].filter(
    each => inviteProblem(each, author.nowMs) === undefined,
  );
}

function inviteView({ key: id, expiresAtMs, usesLeft, roles }: Invite): InviteView {
  return { id, expiresAtMs, usesLeft, roles };
}

function findInvite(team: InTeam, id: string): Invite {
  const fitting = goodInvites(team).filter(({ key }) => key.startsWith(id));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const message =
    only === undefined
      ? `no invite has an id that starts with "${id}"`
      : `several invites start with "${id}"`;
  throw new CodedError(only === undefined ? 'BAD_INPUT' : 'AMBIGUOUS', message, {
    hint: 'see: p2pcache invite --list',
  });
}

async function revoke({ foundation }: Daemon, team: InTeam, request: Request): Promise<RevokeResult> {
  const member = resolveMember(team.ledger.keyring(), requiredText(request, 'who'));
  const sinceMs = optionalCount(request, 'sinceMs');
  if (member.isRevoked && !flag(request, 'purge')) {
    throw new CodedError('BAD_INPUT', `${member.name} is revoked already`, { hint: 'see: p2pcache team' });
  }
  if (!member.isRevoked) await team.ledger.addOwn(buildRevoke(team.author, member.key, sinceMs));
  const purgedRecords = flag(request, 'purge') ? await foundation.records.deleteBySigner(member.key) : 0;
  foundation.log.write('revoked', { member: member.name, purgedRecords });
  return { member: memberView(team, member.key), purgedRecords };
}
