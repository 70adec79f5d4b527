// Making a result again, to compare it: the same command with its outputs led into another folder, and what the difference
// between two makings shows of its cause.
import { basename, resolve } from 'node:path';
import { placeOf } from './compile-account.ts';
import type { CompileIdentity } from './compile-key.ts';

export interface RerunPlan {
  /** The compiler's arguments. */
  readonly arguments: readonly string[];
  /** Where each output (absolute) is written instead. */
  readonly files: ReadonlyMap<string, string>;
}

/** Outputs that name the file they are in, or that are named after it by rules of their own. */
const namesItsOutput =
  /^(--coverage|-ftest-coverage|-fprofile-.*|-gsplit-dwarf.*|-save-temps.*|-ftime-trace.*|-fdump-.*|-fstack-usage|-fcallgraph-info.*|-frecord-gcc-switches|-frecord-command-line|-dump.*|-aux-info.*)$/;

/** How to run the compile so that it writes into `folder` instead; else the reason why it cannot be compared. */
export function planRerun(
  identity: CompileIdentity,
  outputs: readonly string[],
  folder: string,
): RerunPlan | { readonly skipped: string } {
  const { command, family, added } = identity;
  if (family !== 'gcc' && family !== 'clang') return { skipped: 'not-c' };
  if (command.arguments.some(argument => namesItsOutput.test(argument)))
    return { skipped: 'names-its-output' };
  const { cwd } = identity.folder;
  const object = placeOf(identity).output;
  const moved = new Map([[object, `${folder}/${basename(object)}`]]);
  const kept: string[] = [];
  let hasTarget = false;
  let writesDepfile = false;
  let depfile: string | undefined;
  const args = [...added, ...command.arguments];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const [, joinedOutput] = /^(?:-o|--output=)(.+)$/s.exec(arg) ?? [];
    const [, option, joinedDepfile] = /^(-MF|-Wp,-MM?D,)(.+)$/s.exec(arg) ?? [];
    if (arg === '-o' || arg === '--output') i++;
    else if (joinedOutput !== undefined && !arg.startsWith('-object')) continue;
    else if (arg === '-MF' || joinedDepfile !== undefined) {
      depfile = resolve(cwd, joinedDepfile ?? args[++i] ?? '');
      const target = `${folder}/${basename(depfile)}`;
      moved.set(depfile, target);
      kept.push(...(option === undefined ? ['-MF', target] : [option + target]));
      // gcc's preprocessor names a target of its own then; clang's is the output, as with -MD
      writesDepfile ||= family === 'clang' && option !== undefined && option !== '-MF';
    } else {
      hasTarget ||= /^-M[TQ]/.test(arg);
      writesDepfile ||= /^-MM?D$/.test(arg);
      kept.push(arg);
    }
  }
  if (writesDepfile && depfile === undefined)
    moved.set(
      `${object.replace(/\.[^./]*$/, '')}.d`,
      `${folder}/${basename(object).replace(/\.[^.]*$/, '')}.d`,
    );
  if (writesDepfile && !hasTarget) kept.push('-MQ', command.output ?? basename(object));
  if (outputs.some(output => !moved.has(output))) return { skipped: 'other-outputs' };
  return {
    arguments: [...kept, '-o', moved.get(object)!],
    files: new Map(outputs.map(output => [output, moved.get(output)!])),
  };
}

export type Cause = 'timestamp' | 'path' | 'randomness' | 'unknown';

/** Where two byte strings begin to differ; undefined where they are the same. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const length = Math.min(a.byteLength, b.byteLength);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return a.byteLength === b.byteLength ? undefined : length;
}

const dates =
  /\d{1,2}:\d{2}(:\d{2})?|\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b|\b(19|20)\d{2}-\d{2}|\b1[5-9]\d{8}\b/;

/**
 * What a difference shows of its cause, as far as it can be seen: `recorded` is what the record holds, `again` and
 * `onceMore` are two makings on this machine.
 */
export function causeOf(recorded: Uint8Array, again: Uint8Array, onceMore: Uint8Array): Cause {
  const isSteady = firstDifference(again, onceMore) === undefined;
  const [one, other] = isSteady ? [recorded, again] : [again, onceMore];
  const at = firstDifference(one, other) ?? 0;
  const texts = [textAround(one, at), textAround(other, at)];
  if (texts.some(text => dates.test(text))) return 'timestamp';
  if (!isSteady) return 'randomness';
  return texts.every(text => text.includes('/')) ? 'path' : 'unknown';
}

const textBytesMax = 96;

/** The printable text that the byte at this place belongs to. */
function textAround(bytes: Uint8Array, at: number): string {
  const from = Math.max(0, at - textBytesMax);
  const text = Buffer.from(bytes.subarray(from, at + textBytesMax)).toString('latin1');
  const middle = at - from;
  const before = /[\x20-\x7e]*$/.exec(text.slice(0, middle))![0];
  return before + /^[\x20-\x7e]*/.exec(text.slice(middle))![0];
}
