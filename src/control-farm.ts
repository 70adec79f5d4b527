// What the commands can ask about the farm; part of control.ts.

export interface FarmOperations {
  farm: { request: Record<string, never>; progress: never; result: FarmView };
  farmOn: { request: { slots?: number; when?: string; sandbox?: string }; progress: never; result: FarmView };
  farmOff: { request: Record<string, never>; progress: never; result: FarmView };
  farmDoctor: { request: Record<string, never>; progress: never; result: { checks: readonly FarmCheck[] } };
}

export interface FarmView {
  /** Whether this machine's compiles may run elsewhere. */
  readonly isOn: boolean;
  /** What this machine lends; null while it does not. `jobs`: run for teammates now. */
  readonly lending: {
    readonly slots: number;
    readonly when: string;
    /** `bubblewrap`, or `none` where the owner said so. */
    readonly sandbox: string;
    readonly jobs: number;
    readonly isBusy: boolean;
  } | null;
  readonly workers: readonly FarmWorkerView[];
  /** This machine's compiles that run now: here, and at workers. */
  readonly running: { readonly here: number; readonly elsewhere: number };
  readonly localSlots: number;
  readonly jobs: {
    readonly sent: number;
    readonly done: number;
    readonly returned: Readonly<Record<string, number>>;
    readonly stayed: Readonly<Record<string, number>>;
    readonly ranForOthers: number;
    readonly failedForOthers: Readonly<Record<string, number>>;
  };
  /** The last stretch of work: what all its compiles took where they ran, and what passed meanwhile; null before the first. */
  readonly lastBuild: { readonly jobs: number; readonly workMs: number; readonly wallMs: number } | null;
}

export interface FarmWorkerView {
  readonly name: string;
  readonly slots: number;
  /** Jobs of anyone that run or wait there. */
  readonly jobs: number;
  readonly isOpen: boolean;
}

export interface FarmCheck {
  readonly what: string;
  readonly isFine: boolean;
  readonly detail: string;
}

/** What an owner who lends without a sandbox must know. */
export const unsafeLending =
  'NO SANDBOX: whoever may submit jobs can reach the network and the processes of this machine from here, and everything on it ' +
  'where the daemon runs as root; end it with: p2pcache farm off';
