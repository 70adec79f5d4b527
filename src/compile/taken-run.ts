// What a run left, read before its launcher goes on, or the reason why nothing is made of it.
import type { Uncached } from './command-line.ts';
import { readOutputs, type WrittenFile } from './compile-outputs.ts';
import type { CompileReport, CompileTicket } from './compile-request.ts';
import { familyRules } from './families.ts';
import { type Observation, readObservation } from './observation.ts';

export interface TakenRun {
  readonly observed: Observation;
  readonly files: WrittenFile[];
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
  if (ticket.running?.isAlone() === false) return { uncached: 'shared-output' };
  const files = readOutputs(observed, folder);
  if (files === undefined) return { uncached: 'special-output' };
  const isExpected = files.every(file => rules.isExpectedOutput(file.path, command, folder.cwd));
  return isExpected ? { observed, files } : { uncached: 'unexpected-output' };
}
