// Why a run of rustc that was observed well is not cached all the same: what rustc itself never does, so that a procedural
// macro did it.
import type { CompileIdentity } from '../compile-key.ts';
import type { Observation } from '../observation.ts';
import { isRustOutput } from './rust-outputs.ts';

/** The named reason, or undefined. */
export function rustRefusal(
  observed: Observation,
  { command, environment }: CompileIdentity,
): string | undefined {
  if (observed.readsClock || observed.dated.size > 0) return 'reads-the-time';
  // the linker opens what it is about to replace
  if ([...observed.rewritten].some(path => !isRustOutput(path, command))) return 'reads-own-output';
  if (observed.foldersMade.size > 0) return 'makes-folders';
  const jobPipes = /--jobserver-(?:auth|fds)=(\d+),(\d+)/.exec(
    environment('CARGO_MAKEFLAGS') ?? environment('MAKEFLAGS') ?? environment('MFLAGS') ?? '',
  );
  const isJobPipe = (path: string) => jobPipes?.slice(1).some(fd => path === `/dev/fd/${fd}`);
  if ([...observed.streamsRead].some(path => !isJobPipe(path))) return 'reads-a-device';
  return undefined;
}
