// The one line that an invite travels in: everything a machine needs to find the team and be let in, and a checksum,
// so that a paste that lost a piece is told apart from an invite that is refused. Whoever has the line can join.
import { digestHash, digestOf } from '../digest.ts';
import { decode, encode } from '../encoding.ts';
import { CodedError } from '../errors.ts';
import { inviteAddressesMax, inviteLineLengthMax } from '../limits.ts';
import { isName } from './member-name.ts';
import { parseStatementId, type StatementId } from './statement.ts';

export interface InviteLine {
  readonly teamId: StatementId;
  readonly teamName: string;
  /** The 32-byte seed of the invite key. */
  readonly seed: Uint8Array;
  readonly expiresAtMs: number;
  /** Multiaddrs of members, best first. */
  readonly addresses: readonly string[];
}

const prefix = 'p2pcache-invite-1.';
const family = /^p2pcache-invite-(\d+)\./;
const checksumBytes = 6;
const addressLengthMax = 256;

/** Whether the text means to be an invite line, whole or not: what `join` uses to tell one from a team's name. */
export function isInviteLine(text: string): boolean {
  return family.test(text.trim());
}

/** Keeps the first `inviteAddressesMax` addresses. */
export function encodeInviteLine({ teamId, teamName, seed, expiresAtMs, addresses }: InviteLine): string {
  const kept = addresses.filter(address => address.length <= addressLengthMax).slice(0, inviteAddressesMax);
  const payload = encode([Buffer.from(teamId, 'hex'), teamName, seed, expiresAtMs, kept]);
  return prefix + Buffer.concat([payload, checksum(payload)]).toString('base64url');
}

/** Blanks and line breaks that a paste brought in are ignored. BAD_INPUT on anything that is not a whole invite line. */
export function decodeInviteLine(text: string): InviteLine {
  if (text.length > 2 * inviteLineLengthMax) throw damaged();
  const line = text.replace(/\s+/g, '');
  const version = family.exec(line)?.[1];
  if (version === undefined) {
    throw new CodedError('BAD_INPUT', 'this is not an invite', { hint: `an invite starts with ${prefix}` });
  }
  if (!line.startsWith(prefix)) {
    throw new CodedError(
      'BAD_INPUT',
      `this invite is of version ${version}, which this p2pcache does not know`,
      {
        hint: 'update p2pcache on this machine',
      },
    );
  }
  const encoded = line.slice(prefix.length);
  if (line.length > inviteLineLengthMax || !/^[A-Za-z0-9_-]*$/.test(encoded)) throw damaged();
  const bytes = Buffer.from(encoded, 'base64url');
  const payload = bytes.subarray(0, Math.max(0, bytes.byteLength - checksumBytes));
  // Re-encoding also catches stray bits in the last character.
  if (
    bytes.toString('base64url') !== encoded ||
    !checksum(payload).equals(bytes.subarray(payload.byteLength))
  )
    throw damaged();
  const invite = read(payload);
  if (invite === undefined) throw damaged();
  return invite;
}

function read(payload: Uint8Array): InviteLine | undefined {
  try {
    const [teamIdBytes, teamName, seed, expiresAtMs, addresses] = decode(payload) as unknown[];
    const teamId =
      teamIdBytes instanceof Uint8Array
        ? parseStatementId(Buffer.from(teamIdBytes).toString('hex'))
        : undefined;
    if (!teamId || !isName(teamName) || !(seed instanceof Uint8Array) || seed.byteLength !== 32)
      return undefined;
    if (
      !Number.isSafeInteger(expiresAtMs) ||
      !Array.isArray(addresses) ||
      addresses.length > inviteAddressesMax
    )
      return undefined;
    if (!addresses.every(address => typeof address === 'string' && address.length <= addressLengthMax))
      return undefined;
    return { teamId, teamName, seed, expiresAtMs: expiresAtMs as number, addresses };
  } catch {
    return undefined;
  }
}

function checksum(payload: Uint8Array): Buffer {
  const hash = digestHash(digestOf(Buffer.concat([Buffer.from(prefix), payload])));
  return Buffer.from(hash, 'hex').subarray(0, checksumBytes);
}

function damaged(): CodedError {
  return new CodedError('BAD_INPUT', 'the invite is damaged or incomplete', {
    hint: 'copy the whole line again',
  });
}
