// Where a job runs: the domain's view of a sandbox. node/system/bubblewrap.ts is the real one.

/** A folder that the job may write: `hostFolder` of this machine appears at `path`. */
export interface WritableFolder {
  readonly path: string;
  readonly hostFolder: string;
  /** Folders and files of the root that must still be seen right in it, read-only. */
  readonly kept: readonly string[];
}

export interface SandboxLimits {
  readonly wallMs: number;
  readonly cpuS: number;
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of one file, of all files together, and of each output stream. */
  readonly fileBytes: number;
  readonly diskBytes: number;
  readonly streamBytes: number;
}

export interface SandboxRun {
  /** The folder of this machine that is the job's root, read-only. It has folders /dev, /proc and `/tmp`. */
  readonly root: string;
  /** Files of this machine that are to be seen in it, read-only: at `path` there is an empty file. */
  readonly shown: readonly { readonly path: string; readonly hostFile: string }[];
  /** Those above others first. */
  readonly writable: readonly WritableFolder[];
  /** The one file outside of these that the job may write: the observer's log, at `path`. */
  readonly log: { readonly path: string; readonly hostFile: string };
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly limits: SandboxLimits;
}

export interface SandboxEnd {
  /** Undefined where a signal or a limit ended it. */
  readonly exitCode: number | undefined;
  /** The limit that was broken: `time`, `disk` or `output`. */
  readonly broke: string | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly durationMs: number;
}

/** The sandbox itself did not work: no fault of the job's. */
export class SandboxError extends Error {}

export interface Sandbox {
  readonly kind: string;
  /** Whether it can show files as they are, so that no job can change them. */
  readonly canShow: boolean;
  /**
   * Runs the program to its end; nothing of it is left when this settles. Rejects with a SandboxError where it could not be
   * started, and with the signal's reason once it is aborted.
   */
  run(run: SandboxRun, signal: AbortSignal): Promise<SandboxEnd>;
}
