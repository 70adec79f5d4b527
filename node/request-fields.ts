// Reads the fields of a request on the control socket: what is absent is undefined, what is wrong is BAD_INPUT by name.
import { CodedError } from '../src/errors.ts';
import { type Role, roles } from '../src/team/keyring.ts';

export type Request = Readonly<Record<string, unknown>>;

const textLengthMax = 16_384;

export function optionalText(request: Request, field: string): string | undefined {
  const value = request[field];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= textLengthMax) return value;
  throw wrong(field, 'a text');
}

export function requiredText(request: Request, field: string): string {
  const text = optionalText(request, field);
  if (text === undefined) throw wrong(field, 'a text');
  return text;
}

/** A whole number from 0 on. */
export function optionalCount(request: Request, field: string): number | undefined {
  const value = request[field];
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw wrong(field, 'a whole number');
}

export function requiredCount(request: Request, field: string): number {
  const count = optionalCount(request, field);
  if (count === undefined) throw wrong(field, 'a whole number');
  return count;
}

export function flag(request: Request, field: string): boolean {
  return request[field] === true;
}

export function optionalRoles(request: Request, field: string): readonly Role[] | undefined {
  const value = request[field];
  if (value === undefined) return undefined;
  const isList = Array.isArray(value) && value.length > 0;
  const unknown = isList ? value.find(each => !roles.includes(each as Role)) : value;
  if (isList && unknown === undefined) return roles.filter(role => value.includes(role));
  throw new CodedError('BAD_INPUT', `${JSON.stringify(unknown)} is not a role`, {
    hint: `roles: ${roles.join(', ')}`,
  });
}

function wrong(field: string, expected: string): CodedError {
  return new CodedError('BAD_INPUT', `"${field}" must be ${expected}`);
}
