// What one observed run amounts to: the actions it answers, their result, and the inputs that led there. Pure in its view of
// the world, so that a teammate that ran the compile and the machine that asked for it come to the same digest or to none.
import type { ActionResult } from '../actions/action-result.ts';
import type { Digest } from '../digest.ts';
import type { CompileCommand } from './command-line.ts';
import type { CompileIdentity, CompileKeys } from './compile-key.ts';
import { toResult, type WrittenFile } from './compile-outputs.ts';
import { mentionsFileName } from './file-name-mentions.ts';
import type { FileStates } from './file-states.ts';
import { hashesFileNames } from './folder-evidence.ts';
import {
  absolutePath,
  type EvaluatedInputs,
  findInputs,
  harmlessToC,
  harmlessToClang,
  type InputSet,
  inputSetOf,
  underKey,
  type WorldStates,
} from './input-manifest.ts';
import type { Observation } from './observation.ts';
import type { ProjectFolder } from './project-folder.ts';
import { searchedPrograms } from './searched-programs.ts';

export interface ObservedRun {
  readonly observed: Observation;
  readonly files: readonly WrittenFile[];
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** What a claim asks of the files that its run saw: of this machine's, or of those that a teammate was given. */
export type RunStates = WorldStates & Pick<FileStates, 'mentionsFileName' | 'bytesAt'>;

export interface CompileClaim {
  /** As the first action takes them. */
  readonly inputs: EvaluatedInputs;
  /** Whether the result holds the folder it was made in. */
  readonly isBound: boolean;
  /** Whether it is good elsewhere only where that is proven there (folder-proof.ts). */
  readonly needsProof?: boolean;
  /** The first is what this folder looks for first. */
  readonly actions: readonly { readonly key: Digest; readonly action: Digest }[];
  readonly result: ActionResult;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

/** A claim whose inputs are settled: what is left to do asks nothing but the outputs in memory, so it can be done later. */
export interface PendingClaim {
  readonly set: InputSet;
  complete(): CompileClaim;
}

/** The claim, or undefined where the world is not (any more) what the run saw. */
export function claimOf(
  run: ObservedRun,
  identity: CompileIdentity,
  keys: CompileKeys,
  states: RunStates,
): PendingClaim | undefined {
  const { folder, command, environment } = identity;
  const { result, blobs, isBound } = toResult(run.files, run, folder, command.source, run.observed.styles);
  const set = inputsOf(run, identity);
  // what could depend on its folder unseen is kept for this one, and for others on condition of a proof there
  const isUnseen = !isBound && namesOwnFiles(run.observed, folder) && hashesFileNames(command.arguments);
  const isUnproven = !isBound && mayNameItsFile(run.observed, folder, command, states);
  const keyed =
    isBound || isUnseen ? [keys.bound] : isUnproven ? [keys.bound, keys.unproven!] : [keys.shared];
  const there = findInputs(set, folder, environment, states);
  if (there === undefined) return undefined;
  const actions = keyed.map(key => ({ key, action: underKey(key, there).action }));
  const claim: CompileClaim = {
    inputs: underKey(keyed[0]!, there),
    isBound: isBound || isUnseen,
    needsProof: isUnproven && !isUnseen,
    actions,
    result,
    blobs,
  };
  return { set, complete: () => claim };
}

/** The inputs of a run of gcc or clang. */
export function inputsOf(
  { observed }: ObservedRun,
  { family, folder, environment, name }: CompileIdentity,
): InputSet {
  const set = inputSetOf(observed, folder, family === 'clang' ? harmlessToClang : harmlessToC);
  const programs = searchedPrograms(observed.reads, environment, folder, name);
  return { ...set, environment: [...set.environment, ...programs.sort()] };
}

/** Whether files of the checkout are read by absolute paths. */
function namesOwnFiles({ reads }: Observation, { root }: ProjectFolder): boolean {
  return [...reads].some(path => path.startsWith(`${root}/`));
}

/**
 * Sources named by absolute paths can put their own name anywhere (__FILE__ in a constant expression leaves no text), by a
 * macro from any header that is read, a library's outside of the project too, or from the command line.
 */
function mayNameItsFile(
  observed: Observation,
  folder: ProjectFolder,
  command: CompileCommand,
  states: Pick<FileStates, 'mentionsFileName'>,
): boolean {
  if (!namesOwnFiles(observed, folder)) return false;
  if (command.arguments.some(argument => mentionsFileName(Buffer.from(argument)))) return true;
  return [...observed.reads].some(path => states.mentionsFileName(absolutePath(path, folder)));
}
