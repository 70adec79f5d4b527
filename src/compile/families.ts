// What is done in its own way for each family of compilers; everything else of the compile front is the same for all.
import { claimOf, inputsOf, type ObservedRun, type PendingClaim, type RunStates } from './claim.ts';
import type { CompileCommand, CompilerFamily } from './command-line.ts';
import { placeOf } from './compile-account.ts';
import { type CompileIdentity, type CompileKeys, compileKeys } from './compile-key.ts';
import { isExpectedOutput } from './expected-outputs.ts';
import type { InputSet } from './input-manifest.ts';
import type { Observation } from './observation.ts';
import { rustClaimOf, rustInputSet } from './rust/rust-claim.ts';
import { rustKeys } from './rust/rust-identity.ts';
import { isRustOutput } from './rust/rust-outputs.ts';
import { rustRefusal } from './rust/rust-refusals.ts';

export interface FamilyRules {
  keysOf(identity: CompileIdentity): CompileKeys;
  /** Why what a run did is not cached, though it was observed well. */
  refuses(observed: Observation, identity: CompileIdentity): string | undefined;
  /** What a run depends on, as far as its family knows what decides nothing. */
  inputsOf(run: ObservedRun, identity: CompileIdentity, states: RunStates): InputSet;
  claimOf(
    run: ObservedRun,
    identity: CompileIdentity,
    keys: CompileKeys,
    states: RunStates,
  ): PendingClaim | undefined;
  isExpectedOutput(path: string, command: CompileCommand, cwd: string): boolean;
  /** Whether the build soon touches what was read or made, without changing it: a claim's inputs cannot wait. */
  readonly isClaimedAtOnce: boolean;
  /** Whether one compile keeps all processors busy. */
  readonly isParallel: boolean;
  /** The absolute path of what it makes, where two commands could make the same. */
  mainOutput(identity: CompileIdentity): string | undefined;
}

const ofC: FamilyRules = {
  keysOf: compileKeys,
  refuses: (observed, { family }) => {
    // clang looks at the mtimes of the headers that went into one
    if (family === 'clang' && [...observed.reads].some(path => /\.(pch|gch)$/.test(path)))
      return 'precompiled-header';
    if (observed.streamsRead.size > 0 || observed.asksTerminal) return 'reads-a-device';
    if (observed.rewritten.size > 0) return 'reads-own-output';
    return observed.foldersMade.size > 0 ? 'makes-folders' : undefined;
  },
  inputsOf,
  claimOf,
  isExpectedOutput,
  isClaimedAtOnce: false,
  isParallel: false,
  mainOutput: identity => placeOf(identity).output,
};

const ofRust: FamilyRules = {
  keysOf: rustKeys,
  refuses: rustRefusal,
  inputsOf: rustInputSet,
  claimOf: rustClaimOf,
  isExpectedOutput: isRustOutput,
  isClaimedAtOnce: true, // cargo links what was made to other names, which changes its attributes
  isParallel: true, // a thread for each unit of code
  mainOutput: () => undefined, // its names hold a hash of what makes them
};

export const familyRules: Readonly<Record<CompilerFamily, FamilyRules>> = {
  gcc: ofC,
  clang: ofC,
  rustc: ofRust,
};
