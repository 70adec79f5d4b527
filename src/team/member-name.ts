// Names of teams and members, and how a person points at a member: by name or by the first characters of its key.
import { CodedError } from '../errors.ts';
import { nameLengthMax } from '../limits.ts';
import type { Keyring, Member } from './keyring.ts';
import { fingerprint } from './phrase.ts';

const pattern = /^[a-z0-9][a-z0-9._-]*$/;
/** Shorter prefixes of a key are more likely a mistyped name. */
const keyPrefixLengthMin = 6;

/** Whether the text can name a team or a member: 1 to `nameLengthMax` of a-z, 0-9, `.`, `_`, `-`, first a letter or digit. */
export function isName(text: unknown): text is string {
  return typeof text === 'string' && text.length <= nameLengthMax && pattern.test(text);
}

/** The text if it can name a `what` ("team", "member"); BAD_INPUT otherwise. */
export function requireName(text: string, what: string): string {
  const shown = JSON.stringify(text.slice(0, 80));
  if (isName(text)) return text;
  throw new CodedError('BAD_INPUT', `${shown} cannot name a ${what}`, {
    hint: `use 1 to ${nameLengthMax} of a-z, 0-9, ".", "_" and "-", starting with a letter or a digit`,
  });
}

/** A name made from a host's: the nearest that `isName` accepts. */
export function nameFromHost(host: string): string {
  const [label = ''] = host.toLowerCase().split('.');
  const name = label.replace(/[^a-z0-9_-]+/g, '-').replace(/^[^a-z0-9]+/, '');
  return name.slice(0, nameLengthMax) || 'machine';
}

/** The member that `text` points at: an exact name (those not revoked first), else the prefix of a key, also as a fingerprint.
 * UNKNOWN_MEMBER or AMBIGUOUS, with the candidates in the hint. */
export function resolveMember(keyring: Keyring, text: string): Member {
  const all = [...keyring.members.values()];
  const named = all.filter(member => member.name === text);
  const living = named.filter(member => !member.isRevoked);
  const prefix = text.toLowerCase().replaceAll('-', '');
  const isPrefix = /^[0-9a-f]+$/.test(prefix) && prefix.length >= keyPrefixLengthMin;
  const byKey = isPrefix ? all.filter(member => member.key.startsWith(prefix)) : [];
  const found = [living, named, byKey].find(members => members.length > 0) ?? [];
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined) {
    throw new CodedError(
      'UNKNOWN_MEMBER',
      `nobody in team ${keyring.teamName} is called ${JSON.stringify(text.slice(0, 80))}`,
      {
        hint: `members: ${list(all.filter(member => !member.isRevoked))}`,
      },
    );
  }
  throw new CodedError('AMBIGUOUS', `${found.length} members fit ${JSON.stringify(text)}`, {
    hint: `give the first characters of the key instead: ${list(found)}`,
  });
}

const listedMax = 20;

function list(members: readonly Member[]): string {
  const shown = members.slice(0, listedMax).map(member => `${member.name} (${fingerprint(member.key)})`);
  if (members.length > listedMax) shown.push(`and ${members.length - listedMax} more`);
  return shown.join(', ') || 'none';
}
