// Errors a person can act on: each has a stable code, says what happened, and what to type next.

export type ErrorCode =
  | 'BAD_INPUT' // a flag, name, file or line that does not make sense
  | 'NOT_IN_TEAM'
  | 'UNKNOWN_MEMBER'
  | 'NOT_ALLOWED' // the role does not cover it
  | 'INVITE_REFUSED' // expired, used up, revoked, or for another team
  | 'AMBIGUOUS' // several teams or members fit
  | 'NO_ANSWER' // nobody answered in time
  | 'UNREACHABLE' // a peer or the daemon cannot be reached
  | 'REFUSED' // unsigned, untrusted, corrupt or oversized data from outside
  | 'PORT_TAKEN'
  | 'KEY_UNREADABLE'
  | 'STORAGE' // disk full, folder not writable, database unusable
  | 'CANCELLED'
  | 'INTERNAL';

/** Process exit codes, one per kind, as the CLI documents them. */
export const exitCodes: Record<ErrorCode, number> = {
  BAD_INPUT: 2,
  NOT_IN_TEAM: 3,
  UNKNOWN_MEMBER: 4,
  NOT_ALLOWED: 5,
  INVITE_REFUSED: 6,
  AMBIGUOUS: 7,
  NO_ANSWER: 8,
  UNREACHABLE: 9,
  REFUSED: 10,
  PORT_TAKEN: 11,
  KEY_UNREADABLE: 12,
  STORAGE: 13,
  CANCELLED: 130,
  INTERNAL: 70,
};

export class CodedError extends Error {
  readonly code: ErrorCode;
  /** What the person can type or do next. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CodedError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** A broken assumption of ours, never the user's fault. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
