// What the compile front asks of the farm: to run a compile elsewhere. src/farm is the real one; without it all runs here.
import type { Found } from '../actions/results.ts';
import type { CompileTicket } from './compile-request.ts';
import type { EvaluatedInputs } from './input-manifest.ts';

export interface RemoteRun {
  /** The worker's record of an action that this machine came to by itself, from the same inputs. */
  readonly found: Found;
  readonly inputs: EvaluatedInputs;
  /** To be called where it is what counts: keeps and announces it. */
  readonly keep: () => void;
}

/** It is to run here. `rival`: a worker goes on with it; undefined where that comes to nothing. */
export interface RunHere {
  readonly rival?: Promise<RemoteRun | undefined>;
}

export interface RemoteRuns {
  /**
   * Undefined: run it here, now. Otherwise resolves with what a worker made of it, or tells to run it here after all.
   * The signal ends what is done elsewhere. Never rejects.
   */
  begin(ticket: CompileTicket, signal: AbortSignal): Promise<RemoteRun | RunHere> | undefined;
  /** A compile runs on this machine from now on, until the returned function is called: `isWhole` if it ended by itself. */
  runsHere(ticket: CompileTicket): (isWhole: boolean) => void;
}

export const noRemoteRuns: RemoteRuns = { begin: () => undefined, runsHere: () => () => {} };
