// Lets only those records count that the team vouches for, judged on every use by the keyring of that moment: a revoked
// member's records stop counting at once. Two trusted results that differ are nondeterminism or a lie: none is served.

import type { Digest } from '../digest.ts';
import { CodedError } from '../errors.ts';
import type { Keyring } from '../team/keyring.ts';
import type { ActionCache } from './action-cache.ts';
import type { ActionResult } from './action-result.ts';
import type { SignedRecord } from './signed-record.ts';

/** Why a record does not count. */
export type RefusalReason = 'other-team' | 'not-a-member' | 'revoked' | 'role' | 'disputed';

export interface TrustedOptions {
  /** The keyring as it is now. */
  readonly keyring: () => Keyring;
  /** Whether this machine has made the result again and found it to be another: then the record does not count here. */
  readonly isDisputed?: (record: SignedRecord) => boolean;
  /** Hears of every record that does not count, each time it is met. */
  readonly onRefused?: (reason: RefusalReason, record: SignedRecord) => void;
  /** Hears, each time they are met, of trusted records of one action whose results differ: the evidence. */
  readonly onConflict?: (action: Digest, records: readonly SignedRecord[]) => void;
}

export class TrustedActionCache implements ActionCache {
  readonly #inner: ActionCache;
  readonly #options: TrustedOptions;

  constructor(inner: ActionCache, options: TrustedOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  async get(action: Digest, signal?: AbortSignal): Promise<readonly SignedRecord[]> {
    const keyring = this.#options.keyring();
    const known = await this.#inner.get(action, signal);
    const trusted = known.filter(record => this.#isTrusted(keyring, record));
    // Members may rightly know different inputs of an action, so manifests never contradict each other.
    const results = trusted.filter(record => record.kind === 'result');
    const isConflict = results.some(record => !isSameResult(record.result, results[0]!.result));
    if (!isConflict) return trusted;
    this.#options.onConflict?.(action, results);
    return trusted.filter(record => record.kind !== 'result');
  }

  /** Rejects with REFUSED where the record does not count. */
  async put(record: SignedRecord): Promise<void> {
    if (!this.#isTrusted(this.#options.keyring(), record)) {
      throw new CodedError('REFUSED', `the team does not vouch for records of ${record.signer}`);
    }
    await this.#inner.put(record);
  }

  #isTrusted(keyring: Keyring, record: SignedRecord): boolean {
    const isDisputed = this.#options.isDisputed?.(record) ?? false;
    const reason = refusalReason(keyring, record) ?? (isDisputed ? 'disputed' : undefined);
    if (reason !== undefined) this.#options.onRefused?.(reason, record);
    return reason === undefined;
  }
}

function refusalReason(
  keyring: Keyring,
  { teamId, signer, createdAtMs, origin }: SignedRecord,
): RefusalReason | undefined {
  if (teamId !== keyring.teamId) return 'other-team';
  if (keyring.mayVouch(signer, createdAtMs, origin)) return undefined;
  if (keyring.isRevoked(signer)) return 'revoked';
  return keyring.isMember(signer) ? 'role' : 'not-a-member';
}

/** Whether two results restore the same: files, modes, output and exit code; in what order the files are listed is no
 * difference. */
export function isSameResult(a: ActionResult, b: ActionResult): boolean {
  if (a === b) return true;
  const isSame = a.exitCode === b.exitCode && a.stdout === b.stdout && a.stderr === b.stderr;
  return isSame && fileLines(a) === fileLines(b);
}

function fileLines({ outputFiles }: ActionResult): string {
  const lines = outputFiles.map(({ path, digest, isExecutable }) => `${path}\0${digest}\0${isExecutable}`);
  return lines.sort().join('\0');
}
