// What the commands can ask of the daemon about what is cached: why, verify, gc, clean (control.ts has the rest, and the wire).

import type { Collected, StoreCheck } from './actions/store-upkeep.ts';

export type { StoreCheck } from './actions/store-upkeep.ts';

export interface CacheOperations {
  why: { request: WhyRequest; progress: never; result: WhyAnswer };
  /** Reads everything in the store; what is corrupt is dropped. */
  verifyStore: { request: Record<string, never>; progress: StoreCheck; result: StoreCheck };
  /** Makes a share of earlier results again (`10%`) and compares them byte for byte. */
  verifySample: { request: { share: string }; progress: SampleReport; result: SampleReport };
  /** Every mismatch found so far, the latest first. */
  mismatches: {
    request: Record<string, never>;
    progress: never;
    result: { mismatches: readonly Mismatch[] };
  };
  /** Evicts down to these limits, spelled as in config.toml (`5GB`, `7d`), or to the configured ones. */
  gc: { request: { size?: string; age?: string }; progress: never; result: StoreSpace };
  /** Forgets everything that is cached on this machine; key, team and settings stay. */
  clean: { request: Record<string, never>; progress: never; result: StoreSpace };
}

/** What went, and what the blobs take now. */
export interface StoreSpace extends Collected {
  readonly storeBytes: number;
}

/** A path, or a command as it would be typed. */
export interface WhyRequest {
  readonly path?: string;
  readonly command?: {
    readonly argv: readonly string[];
    readonly cwd: string;
    readonly environment: Readonly<Record<string, string>>;
  };
}

export interface WhyAnswer {
  /** The source and output that it is about; null where they are not known. */
  readonly source: string | null;
  readonly output: string | null;
  /** What became of the latest compile; null where a command was asked about, or nothing was compiled here. */
  readonly last: WhyOutcome | null;
  /** What would become of it now; null where that cannot be told. */
  readonly now: WhyOutcome | null;
}

export interface WhyOutcome {
  readonly outcome: 'hit' | 'miss' | 'uncached';
  /** Of a hit the tier or the teammate; of a miss who can use its result; else the reason's name. */
  readonly detail: string;
  /** Milliseconds since the epoch; null for what would be. */
  readonly atMs: number | null;
  /** One sentence. */
  readonly text: string;
  /** The earlier compile that differs least; `member` null: this machine's. */
  readonly nearest: {
    readonly member: string | null;
    readonly output: string;
    readonly atMs: number;
  } | null;
  /** What is different from it, the most telling first; at most 20. */
  readonly differences: readonly { readonly kind: string; readonly what: string; readonly text: string }[];
  /** What a person can do about it. */
  readonly hint: string | null;
}

export interface SampleReport {
  /** Earlier compiles that were chosen. */
  readonly chosen: number;
  /** Made again with the same bytes. */
  readonly same: number;
  /** Not made again, by reason: their inputs have changed since, for one. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly mismatches: readonly Mismatch[];
}

/** A result that came out different when it was made again. */
export interface Mismatch {
  readonly foundAtMs: number;
  readonly action: string;
  readonly source: string;
  readonly output: string;
  /** Whose record it is; `member` null where it is not known any more. */
  readonly recorded: { readonly member: string | null; readonly key: string; readonly atMs: number };
  /** Who made it again: this machine. */
  readonly again: { readonly member: string | null; readonly key: string };
  readonly files: readonly {
    readonly path: string;
    readonly recorded: string;
    readonly again: string;
    /** Counted in bytes from 0. */
    readonly firstDifferenceAt: number;
  }[];
  readonly cause: 'timestamp' | 'path' | 'randomness' | 'unknown';
  readonly text: string;
  /** Whether the record does not count on this machine any more. */
  readonly isDisputed: boolean;
}
