// Takes the names of files out of preprocessed text where nothing can come of them but the name itself in the object: where
// they are handed to a function that prints them, such as assert's. What is left is all that could depend on the folder.
//
// Such a call either is in the object, and then so is the whole name, which is seen in its bytes; or it was never reached (an
// unused inline function, a condition that is never true), and then the name decides nothing. That holds because the function
// returns nothing and is only declared: no body is there to be inlined, evaluated or instantiated, and its parameter is a plain
// `const char *`, so that not even the type of the name (its length) has a say. All of it is read from the text, and every
// mention of the function has to be one of the few forms below: what is not understood stays, and proves nothing.

const identifier = '[A-Za-z_]\\w*';
const stringLiteral = '"(?:[^"\\\\\\n]|\\\\.)*"';
const argument = `(?:${stringLiteral}|[\\w:]+)`;
/** Longest text of the arguments before a name: assert's is the condition. */
const argumentsTextMax = 16_384;
const beforeMax = 256;

const callBefore = new RegExp(`(?<!\\w)(${identifier})\\s*\\(\\s*((?:${argument}\\s*,\\s*)*)$`);
const callAfter = new RegExp(`^\\s*\\(\\s*(?:${argument}\\s*,\\s*)*${stringLiteral}\\s*[,)]`);
/** Before an expression, never before the name of a variable that is declared; where a name is qualified, it was declared before. */
const expressionBefore = /(?:::|[;{}:?=!]|\b(?:else|do|return))\s*$/;

const declaredBefore =
  /[;{}:]\s*(?:(?:extern|static|"C"|_Noreturn|\[\[noreturn\]\]|__attribute__\s*\(\(\s*_*noreturn_*\s*\)\))\s*)*void\s+$/;
const constructorBefore = /[;{}:]\s*(?:explicit\s+)?$/;
const declaredAfter = /^\s*\(([^()]*)\)([^;{}]*);/;
const plainName = /^\s*(?:const\s+char|char\s+const)\s*\*\s*\w*\s*$/;
/** What may stand behind a declaration; an alias or a condition on the arguments, for one, may not. */
const harmlessAttributes =
  /^(?:[\s(),\d]|"(?:default|hidden)"|\b_*(?:attribute|noexcept|throw|true|noreturn|cold|nothrow|leaf|nonnull|visibility|format|printf|gnu_printf)_*\b)*$/;
const checkedFormat = /format_*\s*\(\s*\w+\s*,\s*(\d+)/;

/** The text without the file names below `root`, where all of them are only printed; else undefined. */
export function withoutPrintedNames(preprocessed: string, root: string): string | undefined {
  if (/\b(?:u8|[uUL])?R"/.test(preprocessed)) return undefined; // quotes in raw strings: not told apart
  const text = withBasenamesAsNames(preprocessed, root);
  const calls = callsWithNames(text, root);
  let rest = '';
  let at = 0;
  for (const { from, to } of calls) {
    rest += `${text.slice(at, from)}""`;
    at = to;
  }
  rest += text.slice(at);
  if (rest.includes(root)) return undefined;
  const positionsOf = new Map<string, Set<number>>();
  for (const { name, position } of calls)
    positionsOf.set(name, (positionsOf.get(name) ?? new Set()).add(position));
  return [...positionsOf].every(([name, positions]) => isPrinter(name, positions, text)) ? rest : undefined;
}

interface CallWithName {
  readonly name: string;
  /** Which of its arguments the file's name is, from 0. */
  readonly position: number;
  /** Where the file's name stands. */
  readonly from: number;
  readonly to: number;
}

function callsWithNames(text: string, root: string): CallWithName[] {
  const calls: CallWithName[] = [];
  for (const match of text.matchAll(new RegExp(`${literalBelow(root)}(?=\\s*[,)])`, 'g'))) {
    const from = match.index;
    const before = callBefore.exec(text.slice(Math.max(0, from - argumentsTextMax), from));
    if (before === null) continue;
    const position = [...before[2]!.matchAll(new RegExp(argument, 'g'))].length;
    calls.push({ name: before[1]!, position, from, to: from + match[0].length });
  }
  return calls;
}

/** Whether this names only functions that return nothing, have no body, and take a plain `const char *` at these positions. */
function isPrinter(name: string, positions: ReadonlySet<number>, text: string): boolean {
  const { rest, isClass } = withoutClassForms(name, text);
  const declaredAt = new Set<number>();
  for (const { index } of rest.matchAll(new RegExp(`\\b${name}\\b`, 'g'))) {
    const before = rest.slice(Math.max(0, index - beforeMax), index);
    const after = rest.slice(index + name.length, index + name.length + argumentsTextMax);
    if (expressionBefore.test(before) && callAfter.test(after)) continue;
    if (!(declaredBefore.test(before) || (isClass && constructorBefore.test(before)))) return false;
    const [, parameters, attributes] = declaredAfter.exec(after) ?? [];
    if (parameters === undefined || !harmlessAttributes.test(attributes!)) return false;
    const all = parameters.split(',');
    const format = Number(checkedFormat.exec(attributes!)?.[1] ?? 0);
    for (const position of positions) {
      // the compiler warns of what it finds in a format; a member function counts from itself
      if (format === position + 1 || format === position + 2) return false;
      if (all.length <= position) continue;
      if (!plainName.test(all[position]!)) return false;
      declaredAt.add(position);
    }
  }
  return declaredAt.size === positions.size;
}

/** Without what a class of this name says of itself beside its constructors, where there is one (no template). */
function withoutClassForms(name: string, text: string): { rest: string; isClass: boolean } {
  const attribute = '__attribute__\\s*\\(\\(\\s*_*visibility_*\\s*\\("default"\\)\\s*\\)\\)\\s*';
  const heads = new RegExp(`\\b(?:class|struct)\\s+(?:${attribute})?${name}\\s*(?=\\{)`, 'g');
  const isOwnHead = (index: number) => /[;{}]\s*$/.test(text.slice(Math.max(0, index - beforeMax), index));
  const found = [...text.matchAll(heads)];
  if (found.length === 0 || !found.every(({ index }) => isOwnHead(index)))
    return { rest: text, isClass: false };
  const self = `const ${name}\\s*&\\s*\\w*`;
  const members = new RegExp(
    `~${name}\\s*\\(\\s*\\)\\s*;|${name}\\s*(?:&\\s*operator=\\s*)?\\(${self}\\)\\s*= delete;`,
    'g',
  );
  return { rest: text.replaceAll(heads, ' ').replaceAll(members, ' '), isClass: true };
}

/** The part of a name behind its last slash, found as it is compiled: the same in every folder. */
const basenameDefinition =
  /constexpr const char\s*\* Basename\(const char\s*\* fname, int offset\) \{\s*return offset == 0 \|\| fname\[offset - 1\] == '\/' \|\| fname\[offset - 1\] == '\\\\'\s*\? fname \+ offset\s*: Basename\(fname, offset - 1\);\s*\}/;

/**
 * Abseil's logging of invariants takes the last part of the name before it prints it: the text as if it printed the name. Only
 * where its function is just the one that it is known to be, and used for nothing else.
 */
function withBasenamesAsNames(text: string, root: string): string {
  if (!basenameDefinition.test(text)) return text;
  const scope = '::absl::raw_log(?:ging)?_internal::';
  const variable = '\\b(absl_raw_log(?:ging)?_internal_basename)';
  const use = `constexpr const char\\s*\\* ${variable} =\\s*${scope}Basename\\((${stringLiteral}),\\s*sizeof\\(\\2\\) - 1\\);`;
  const rest = text.replace(basenameDefinition, '').replaceAll(new RegExp(use, 'g'), '');
  // functions of that name with one parameter are others: this one is called with two arguments
  if (/\bBasename\b(?!\s*\([^(),.]*\))/.test(rest)) return text;
  return rest.replaceAll(new RegExp(`${variable}\\b`, 'g'), JSON.stringify(`${root}/`));
}

function literalBelow(root: string): string {
  return `"${root.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/[^"\\\\\\n]*"`;
}
