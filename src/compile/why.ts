// Answers `p2pcache why`: what became of a compile, and what is different from the nearest earlier one, own or a teammate's.
import { type Difference, differencesBetween } from './account-differences.ts';
import { accountOf, type CompileAccount } from './compile-account.ts';
import type { Outcome } from './compile-journal.ts';
import type { CompileIdentity } from './compile-key.ts';
import type { CompileRequest } from './compile-request.ts';
import type { FileStates } from './file-states.ts';
import { absolutePath } from './input-manifest.ts';
import { describeReason } from './uncached-reasons.ts';

/** An earlier compile that one can be compared with. */
export interface EarlierCompile {
  readonly account: CompileAccount;
  readonly atMs: number;
  /** How widely its result can be used, where it was not a hit itself. */
  readonly detail: string;
  /** The teammate's name; undefined for this machine. */
  readonly member: string | undefined;
}

export interface Comparison {
  readonly earlier: EarlierCompile;
  readonly differences: readonly Difference[];
}

/** Who can use the result of a compile that had to run: `detail` of a miss in the journal. */
export const sharings = {
  everywhere: 'everywhere',
  ifProven: 'if-proven',
  folder: 'this-folder',
  nobody: 'not-kept',
} as const;

export const prefixMapsHint =
  'set prefix_maps = true in p2pcache.toml at the project’s root: then results do not hold their folder';

/** The earlier compile that differs least; of several the latest. */
export function nearest(
  account: CompileAccount,
  candidates: readonly EarlierCompile[],
): Comparison | undefined {
  const compared = candidates.map(earlier => ({
    earlier,
    differences: differencesBetween(earlier.account, account),
  }));
  compared.sort((a, b) => a.differences.length - b.differences.length || b.earlier.atMs - a.earlier.atMs);
  return compared[0];
}

/** One sentence for what became of a compile. */
export function explain(outcome: Outcome, detail: string, compared: Comparison | undefined): string {
  if (outcome === 'uncached') return `not cached: ${detail} (${describeReason(detail)})`;
  if (outcome === 'hit') {
    const isTeammate = detail !== 'memory' && detail !== 'disk';
    return isTeammate ? `a hit: made by ${detail}` : `a hit, from this machine's ${detail}`;
  }
  if (compared === undefined) return 'never compiled here before, nor by a teammate who is in reach';
  const [first] = compared.differences;
  if (first === undefined || first.kind === 'folder') return explainSameInputs(compared.earlier);
  return first.text;
}

function explainSameInputs({ detail }: EarlierCompile): string {
  if (detail === sharings.folder) {
    return 'the result holds its folder, so only that folder can use it';
  }
  if (detail === sharings.ifProven) {
    return 'the result could depend on its folder: a source puts its own name (__FILE__) into what is compiled';
  }
  if (detail === sharings.nobody) return 'its result was not kept (mode read)';
  return 'the same was compiled before, but its result is not there any more, or its machine was not in reach';
}

/** What a person can do about it, where there is something. */
export function hintFor(
  outcome: Outcome,
  detail: string,
  compared: Comparison | undefined,
): string | undefined {
  if (outcome !== 'miss') return undefined;
  const isSame = compared?.differences.every(({ kind }) => kind === 'folder') ?? false;
  const before = isSame ? compared?.earlier.detail : undefined;
  const isLost = [detail, before].includes(sharings.folder) || before === sharings.ifProven;
  return isLost ? prefixMapsHint : undefined;
}

/** The account that a compile would have now: the inputs of an earlier one, as they are at this moment. */
export function presentAccount(
  request: CompileRequest,
  identity: CompileIdentity,
  { set }: CompileAccount,
  states: FileStates,
): CompileAccount {
  const kindOf = (path: string) => states.kindOf(absolutePath(path, identity.folder));
  const appeared = set.missing.filter(path => kindOf(path) === 'file');
  const reads = [...set.reads, ...appeared].filter(path => kindOf(path) === 'file');
  const contents = reads.map(path => states.stateOf(absolutePath(path, identity.folder)) as never);
  const missing = set.missing.filter(path => !appeared.includes(path));
  return accountOf(request, identity, {
    set: { ...set, reads, missing },
    contents,
    action: identity.compiler,
  });
}
