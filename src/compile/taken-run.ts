// What a run left, read before its launcher goes on, or the reason why nothing is made of it; and later the claim that it makes.
import type { ObservedRun, PendingClaim } from './claim.ts';
import type { Uncached } from './command-line.ts';
import { readOutputs } from './compile-outputs.ts';
import type { CompileReport, CompileTicket } from './compile-request.ts';
import { familyRules } from './families.ts';
import type { FileStates } from './file-states.ts';
import { readObservation } from './observation.ts';
import { areSettled } from './settled-inputs.ts';

export interface TakenRun extends ObservedRun {
  /** What it holds in memory. */
  readonly bytes: number;
}

export function takeRun(ticket: CompileTicket, report: CompileReport): TakenRun | Uncached {
  if (report.status !== 0) return { uncached: 'compile-failed' };
  if (report.stdout === undefined || report.stderr === undefined) return { uncached: 'too-much-output' };
  const observed = readObservation(report.log);
  if ('uncached' in observed) return observed;
  const { family, command, folder } = ticket.identity;
  const rules = familyRules[family];
  const refusal = rules.refuses(observed, ticket.identity);
  if (refusal !== undefined) return { uncached: refusal };
  const files = readOutputs(observed, folder);
  // asked after they were read: whoever writes there says so first
  if (ticket.running?.isAlone() === false) return { uncached: 'shared-output' };
  if (files === undefined) return { uncached: 'special-output' };
  const isExpected = files.every(file => rules.isExpectedOutput(file.path, command, folder.cwd));
  if (!isExpected) return { uncached: 'unexpected-output' };
  const { stdout, stderr, log } = report;
  const bytes = files.reduce((sum, file) => sum + file.bytes.byteLength, log.byteLength);
  return { observed, files, stdout, stderr, bytes };
}

/** The claim, or undefined where something that was read is not as it was when the run started, in ms since the epoch. */
export function claimNow(
  { identity, keys }: CompileTicket,
  run: ObservedRun,
  startedAtMs: number,
  states: FileStates,
): PendingClaim | undefined {
  const claim = familyRules[identity.family].claimOf(run, identity, keys, states);
  // Looked at last: the build goes on meanwhile, and may change a file between the run and the claim.
  const seen = { ...run.observed, listed: claim?.set.listed ?? [] };
  return areSettled(seen, identity.folder, states, startedAtMs) ? claim : undefined;
}
