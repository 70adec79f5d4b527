// What the compile front asks of the farm: to run a compile elsewhere. src/farm is the real one; without it all runs here.
import type { Found } from '../actions/results.ts';
import type { CompileTicket } from './compile-request.ts';
import type { EvaluatedInputs } from './input-manifest.ts';

export interface RemoteRun {
  /** The worker's record of an action that this machine came to by itself, from the same inputs. */
  readonly found: Found;
  readonly inputs: EvaluatedInputs;
}

export interface RemoteRuns {
  /**
   * Undefined: run it here, now. Otherwise resolves with what a worker made of it, or with undefined: run it here after all.
   * Never rejects.
   */
  begin(ticket: CompileTicket, signal: AbortSignal): Promise<RemoteRun | undefined> | undefined;
  /** A compile runs on this machine from now on, until the returned function is called. */
  runsHere(): () => void;
}

export const noRemoteRuns: RemoteRuns = { begin: () => undefined, runsHere: () => () => {} };
