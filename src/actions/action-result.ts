// An action's outputs, after REAPI's ActionResult: what a hit restores.
import type { Digest } from '../digest.ts';

export interface OutputFile {
  /** Relative to the action's working directory, `/`-separated; or absolute where the front says so. */
  readonly path: string;
  readonly digest: Digest;
  readonly isExecutable: boolean;
  /** What the command does to a file that stands there; left out where its front tells by other signs. */
  readonly style?: OutputStyle;
}

/**
 * `written`: emptied and written where it stands; `remade`: removed first, unless it is empty, as the binary utilities do;
 * `replaced`: another takes its name, as by renaming.
 */
export type OutputStyle = 'written' | 'remade' | 'replaced';

export interface ActionResult {
  readonly outputFiles: readonly OutputFile[];
  /** Digests of the bytes the command wrote; `emptyDigest` where it wrote none. */
  readonly stdout: Digest;
  readonly stderr: Digest;
  readonly exitCode: number;
}

/** Every blob that must be at hand before the result counts as a hit (the empty blob always is). */
export function blobsOf(result: ActionResult): Digest[] {
  const all = new Set([result.stdout, result.stderr, ...result.outputFiles.map(file => file.digest)]);
  return [...all].filter(digest => !digest.endsWith('/0'));
}
