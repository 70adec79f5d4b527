// What is done in its own way for each family of compilers; everything else of the compile front is the same for all.
import { type CompileClaim, claimOf, type ObservedRun } from './claim.ts';
import type { CompileCommand, CompilerFamily } from './command-line.ts';
import { type CompileIdentity, type CompileKeys, compileKeys } from './compile-key.ts';
import { isExpectedOutput } from './expected-outputs.ts';
import type { FileStates } from './file-states.ts';
import type { WorldStates } from './input-manifest.ts';
import type { Observation } from './observation.ts';
import { rustClaimOf } from './rust/rust-claim.ts';
import { rustKeys } from './rust/rust-identity.ts';
import { isRustOutput } from './rust/rust-outputs.ts';

export interface FamilyRules {
  keysOf(identity: CompileIdentity): CompileKeys;
  /** Why what a run did is not cached, though it was observed well. */
  refuses(observed: Observation, command: CompileCommand): string | undefined;
  claimOf(
    run: ObservedRun,
    identity: CompileIdentity,
    keys: CompileKeys,
    states: WorldStates & Pick<FileStates, 'mentionsFileName'>,
  ): CompileClaim | undefined;
  isExpectedOutput(path: string, command: CompileCommand): boolean;
}

const ofC: FamilyRules = {
  keysOf: compileKeys,
  refuses: observed => {
    if (observed.rewritten.size > 0) return 'reads-own-output';
    return observed.foldersMade.size > 0 ? 'makes-folders' : undefined;
  },
  claimOf,
  isExpectedOutput,
};

const ofRust: FamilyRules = {
  keysOf: rustKeys,
  refuses: (observed, command) => {
    // rustc itself never asks: a procedural macro did
    if (observed.readsClock) return 'reads-the-time';
    // the linker opens what it is about to replace
    if ([...observed.rewritten].some(path => !isRustOutput(path, command))) return 'reads-own-output';
    return observed.foldersMade.size > 0 ? 'makes-folders' : undefined;
  },
  claimOf: rustClaimOf,
  isExpectedOutput: isRustOutput,
};

export const familyRules: Readonly<Record<CompilerFamily, FamilyRules>> = {
  gcc: ofC,
  clang: ofC,
  rustc: ofRust,
};
