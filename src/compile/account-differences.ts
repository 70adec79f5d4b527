// What differs between two compiles, in plain words and in the order in which it matters: `p2pcache why` shows the first.
import { basename, normalize } from 'node:path';
import type { CompileAccount } from './compile-account.ts';
import { separateValueOptions } from './option-table.ts';

export interface Difference {
  readonly kind:
    | 'compiler'
    | 'flag'
    | 'environment'
    | 'processor'
    | 'working-folder'
    | 'source'
    | 'found-earlier'
    | 'header'
    | 'program'
    | 'file'
    | 'folder';
  /** The flag, variable or path that it is about. */
  readonly what: string;
  readonly text: string;
}

/** Everything that became different from `before` to `after`; empty where both have the same key in the same folder. */
export function differencesBetween(before: CompileAccount, after: CompileAccount): Difference[] {
  const found = [
    ...compilerDifferences(before, after),
    ...flagDifferences([...before.arguments, ...before.added], [...after.arguments, ...after.added]),
    ...environmentDifferences(before, after),
    ...inputDifferences(before, after),
  ];
  const isMoved = before.own !== undefined && after.own !== undefined && before.own.root !== after.own.root;
  if (found.length === 0 && isMoved) {
    const text = `the folder differs: ${before.own!.root} became ${after.own!.root}`;
    return [{ kind: 'folder', what: after.own!.root, text }];
  }
  return found;
}

function* compilerDifferences(before: CompileAccount, after: CompileAccount): Generator<Difference> {
  if (before.compiler !== after.compiler) {
    const [was, is] = [before.compilerPath, after.compilerPath];
    const how = was === is ? `${is} is another build` : `${was} became ${is}`;
    yield { kind: 'compiler', what: is, text: `the compiler differs: ${how}` };
  } else if (basename(before.compilerPath) !== basename(after.compilerPath)) {
    const [was, is] = [basename(before.compilerPath), basename(after.compilerPath)];
    yield { kind: 'compiler', what: is, text: `the compiler is called by another name: ${was} became ${is}` };
  }
  if (before.cpu !== after.cpu)
    yield {
      kind: 'processor',
      what: '-march=native',
      text: 'the processor differs, and -march=native asks for it',
    };
  if (before.cwd !== after.cwd) {
    const text = `the working folder differs: ${shown(before.cwd)} became ${shown(after.cwd)}`;
    yield { kind: 'working-folder', what: shown(after.cwd), text };
  }
}

function* flagDifferences(before: readonly string[], after: readonly string[]): Generator<Difference> {
  const { dropped, added } = unmatched(flagsOf(before), flagsOf(after));
  for (let i = 0; i < Math.max(dropped.length, added.length); i++) {
    const [was, is] = [dropped[i], added[i]];
    const flag = (is ?? was)!;
    const noun = flag.startsWith('-') ? 'flag' : 'argument';
    const text =
      was === undefined
        ? `${noun} ${shown(flag)} was added`
        : is === undefined
          ? `${noun} ${shown(flag)} was dropped`
          : `${noun} ${shown(was)} became ${shown(is)}`;
    yield { kind: 'flag', what: shown(flag), text };
  }
  const isReordered = dropped.length + added.length === 0 && before.join('\0') !== after.join('\0');
  if (isReordered) yield { kind: 'flag', what: '', text: 'the flags stand in another order' };
}

/** Options with their values as one text. */
function flagsOf(args: readonly string[]): string[] {
  const flags: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const value = separateValueOptions.has(args[i]!) ? args[i + 1] : undefined;
    flags.push(value === undefined ? args[i]! : `${args[i]} ${value}`);
    if (value !== undefined) i++;
  }
  return flags;
}

/** What is in one list only. Those that seem to be one another's successors (-O2 and -O3) come at the same index. */
function unmatched(before: string[], after: string[]): { dropped: string[]; added: string[] } {
  const rest = [...before];
  let added = after.filter(flag => {
    const at = rest.indexOf(flag);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  const dropped: string[] = [];
  const successors: string[] = [];
  for (const flag of [...rest]) {
    const successor = added.find(other => stem(other) === stem(flag));
    if (successor === undefined) continue;
    dropped.push(flag);
    successors.push(successor);
    rest.splice(rest.indexOf(flag), 1);
    added = added.filter(other => other !== successor);
  }
  return { dropped: [...dropped, ...rest], added: [...successors, ...added] };
}

/** What a flag sets: -O of -O2, -std= of -std=c11, -DNAME of -DNAME=1. */
function stem(flag: string): string {
  if (!flag.startsWith('-')) return 'argument';
  return /^(?:-[^=\s]*[=\s]|-[A-Za-z](?=[0-9]|$|fast|s$|g$|z$)|-[A-Za-z]+)/.exec(flag)?.[0] ?? flag;
}

function* environmentDifferences(before: CompileAccount, after: CompileAccount): Generator<Difference> {
  const was = new Map(before.environment);
  const is = new Map(after.environment);
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    if (!was.has(name) || !is.has(name) || was.get(name) === is.get(name)) continue;
    const value = (text: string | null | undefined) => (text === null ? 'unset' : JSON.stringify(text));
    const text = `environment ${name} differs: ${value(was.get(name))} became ${value(is.get(name))}`;
    yield { kind: 'environment', what: name, text };
  }
}

function* inputDifferences(before: CompileAccount, after: CompileAccount): Generator<Difference> {
  const was = contentsOf(before);
  const is = contentsOf(after);
  if (was.size === 0 || is.size === 0) return;
  const missedBefore = new Set(before.set.missing.map(path => pathIn(before, path)));
  const changed = [...is].filter(([path, content]) => was.has(path) && was.get(path) !== content);
  const paths = changed.map(([path]) => path);
  if (paths.includes(after.source)) yield inputDifference('source', after.source, 'differs');
  for (const path of is.keys()) {
    if (was.has(path) || !missedBefore.has(path)) continue;
    const text = `${kindOf(path)} ${basename(path)} is now found earlier: ${shown(path)}`;
    yield { kind: 'found-earlier', what: shown(path), text };
  }
  for (const path of paths) if (path !== after.source) yield inputDifference(kindOf(path), path, 'differs');
  for (const path of is.keys())
    if (!was.has(path) && !missedBefore.has(path)) yield inputDifference(kindOf(path), path, 'is read now');
  for (const path of was.keys())
    if (!is.has(path)) yield inputDifference(kindOf(path), path, 'is not read any more');
}

function contentsOf(account: CompileAccount): Map<string, string> {
  const { set, contents } = account;
  if (contents.length !== set.reads.length) return new Map();
  return new Map(set.reads.map((path, i) => [pathIn(account, path), contents[i]!]));
}

/** A path from the root on, also where it was given from the working folder on. */
function pathIn({ cwd }: CompileAccount, path: string): string {
  return path.startsWith('/') || path.startsWith('{') ? path : normalize(`${cwd}/${path}`);
}

function inputDifference(kind: Difference['kind'], path: string, how: string): Difference {
  return { kind, what: shown(path), text: `${kind} ${shown(path)} ${how}` };
}

function kindOf(path: string): 'header' | 'program' | 'file' {
  const name = basename(path);
  if (/\.(h|hh|hpp|hxx|h\+\+|inc|ipp|tcc|def|gch|pch)$/i.test(name)) return 'header';
  if (/\.so(\.[0-9.]+)?$|^(cc1|cc1plus|as|collect2|lto1|lto-wrapper|f951)$/.test(name)) return 'program';
  if (/\/s?bin\//.test(path)) return 'program';
  return name.includes('.') ? 'file' : 'header'; // <vector>
}

/** A portable path as people write it: relative to the project. */
function shown(text: string): string {
  return text.replaceAll('{root}/', '').replaceAll('{root}', '.');
}
