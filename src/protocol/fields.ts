// Reading fields of decoded messages: each returns the value in its type or throws a ProtocolError, so that codecs read
// like the message they accept.
import { type Digest, parseDigest } from '../digest.ts';
import { type MemberKey, parseMemberKey } from '../team/identity.ts';
import { isName } from '../team/member-name.ts';
import { parseStatementId, type StatementId } from '../team/statement.ts';
import { ProtocolError } from './frames.ts';

export function malformed(detail: string): ProtocolError {
  return new ProtocolError('malformed-message', detail);
}

/** The fields of a message that is an array of exactly `count`. */
export function fields(value: unknown, count: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== count) throw malformed(`not ${count} fields`);
  return value;
}

export function list<Item>(value: unknown, countMax: number, read: (item: unknown) => Item): Item[] {
  if (!Array.isArray(value) || value.length > countMax) throw malformed(`not a list of up to ${countMax}`);
  return value.map(read);
}

export function text(value: unknown, lengthMax: number): string {
  if (typeof value !== 'string' || value.length > lengthMax) throw malformed('not a text');
  return value;
}

export function bytes(value: unknown, sizeBytesMax: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.byteLength > sizeBytesMax) throw malformed('not a byte string');
  return value;
}

export function bytesOfSize(value: unknown, sizeBytes: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.byteLength !== sizeBytes)
    throw malformed(`not ${sizeBytes} bytes`);
  return value;
}

/** A whole number from 0 to 2^32 - 1. */
export function count32(value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffffffff)
    throw malformed('not a number');
  return value as number;
}

export function digest(value: unknown): Digest {
  const parsed = parseDigest(value);
  if (parsed === undefined) throw malformed('not a digest');
  return parsed;
}

export function memberKey(value: unknown): MemberKey {
  return parseMemberKey(Buffer.from(bytesOfSize(value, 32)).toString('hex')) as MemberKey;
}

/** What stands in the first field: which of a protocol's messages this is. */
export function tag(value: unknown): string {
  const first = Array.isArray(value) ? value[0] : undefined;
  if (typeof first !== 'string') throw malformed('no tag');
  return first;
}

/** A team's or member's name. */
export function name(value: unknown): string {
  if (!isName(value)) throw malformed('not a name');
  return value;
}

export function statementId(value: unknown): StatementId {
  return parseStatementId(Buffer.from(bytesOfSize(value, 32)).toString('hex')) as StatementId;
}
