// What the compile front (compile-front.ts) is asked, what it answers, and what it tells of each compile.
import type { Found } from '../actions/results.ts';
import type { CompileIdentity, CompileKeys } from './compile-key.ts';
import type { RestoredOutput } from './compile-outputs.ts';
import type { CompileSettings } from './compile-settings.ts';
import type { Environment, EvaluatedInputs } from './input-manifest.ts';
import type { ReadyResult } from './ready-results.ts';
import type { RunningOutput } from './running-outputs.ts';

export interface CompileRequest {
  /** The compiler's path, found along PATH. */
  readonly compiler: string;
  /** The name it is called by, and its arguments. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Environment;
  /** The whole environment. */
  readonly variables: () => Record<string, string>;
  readonly stderrIsTerminal: boolean;
  /** Of the controlling terminal; 0 or left out where there is none. */
  readonly terminalColumns?: number;
}

export type CompileReply =
  | { readonly kind: 'run-plain' }
  | CompileRun
  /** A teammate may run it: the launcher is kept waiting, and told to run it itself whenever that is better. */
  | {
      readonly kind: 'wait';
      readonly reply: Promise<CompileRun | CompileResult>;
      /** Nobody waits any more. */
      cancel(): void;
    }
  | CompileResult;

export interface CompileRun {
  readonly kind: 'run-observed';
  readonly added: readonly string[];
  readonly ticket: CompileTicket;
  /** Where a teammate is at it as well: what came of that, once it is of use. The launcher takes it if it has nothing yet. */
  readonly rival?: Promise<CompileResult | undefined>;
  /** To be called once, when the compiler has ended by itself or (`isWhole` is false) its launcher is gone. */
  readonly ended: (isWhole: boolean) => void;
}

export interface CompileResult {
  readonly kind: 'result';
  readonly exitCode: number;
  readonly outputs: readonly RestoredOutput[];
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** To be called once the launcher has taken the result: counts the hit, and makes the next one ready. */
  readonly taken: () => void;
}

/** What is known of a compile that runs now. */
export interface CompileTicket {
  readonly request: CompileRequest;
  readonly identity: CompileIdentity;
  readonly keys: CompileKeys;
  readonly settings: CompileSettings;
  /** Its place among the compiles that run now; undefined before it runs. */
  readonly running?: RunningOutput;
}

export interface CompileReport {
  /** Zero only where the compiler ended by itself with exit code 0. */
  readonly status: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Undefined where there was more of it than is kept. */
  readonly stdout: Buffer | undefined;
  readonly stderr: Buffer | undefined;
  readonly log: Buffer;
}

/** A compile as far as it was looked at. */
export interface ToldCompile {
  readonly request: CompileRequest;
  /** Undefined where the command was not understood. */
  readonly identity?: CompileIdentity;
  readonly inputs?: EvaluatedInputs;
}

export interface CompileEvents {
  hit(found: Found, compile: ToldCompile): void;
  /** A launcher answered a command that was given before by itself. */
  repeated(ready: ReadyResult): void;
  /**
   * Had to run. `isKept`: its result is kept for the next one; `isBound`: for this folder only; `needsProof`: for others on
   * condition of a proof there.
   */
  miss(
    compile: ToldCompile,
    kept: { readonly isKept: boolean; readonly isBound: boolean; readonly needsProof?: boolean },
  ): void;
  /** That proof failed: a result cannot be shared as widely as others. */
  unproven(): void;
  uncached(reason: string, compile: ToldCompile): void;
  refused(reason: string): void;
}
