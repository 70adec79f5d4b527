// Running programs as the domain sees it: the daemon passes the real one, tests a scripted one.

export interface Program {
  readonly path: string;
  /** The program's own name first. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProcessRunner {
  /** What the program wrote to its standard output, or undefined where it did not end well within the limits. */
  outputOf(
    program: Program,
    limits: { readonly timeoutMs: number; readonly bytesMax: number },
  ): Promise<Buffer | undefined>;
}
