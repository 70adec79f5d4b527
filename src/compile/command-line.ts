// Reads a compiler's command line just far enough to tell a compile that can be cached from everything else.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { cachedLanguages, languageOf, refusals, separateValueOptions } from './option-table.ts';

export type CompilerFamily = 'gcc' | 'clang' | 'rustc';

export interface CompileCommand {
  /** Arguments after the compiler's name, response files expanded. */
  readonly arguments: readonly string[];
  readonly source: string;
  /** What the source is written in, by its name or the command's word. */
  readonly language?: string;
  /** As given with -o; undefined where the compiler chooses. */
  readonly output: string | undefined;
  /** Whether it makes a precompiled header. */
  readonly makesHeader?: boolean;
  readonly usesNativeCpu: boolean;
  readonly choosesColour: boolean;
}

/** Why a command is run as it is. */
export interface Uncached {
  readonly uncached: string;
}

const responseFileDepthMax = 10;
const ownStreamPath = /\/dev\/(std(in|out|err)$|fd\/)|\/proc\/(self|thread-self|\d+)\/(task\/\d+\/)?fd\//;

/** The compile that these arguments ask for, or the named reason why it is not one that is cached. */
export function readCommandLine(args: readonly string[], cwd: string): CompileCommand | Uncached {
  if (args.some(arg => arg.includes('\ufffd'))) return { uncached: 'path-encoding' }; // not UTF-8: not known apart
  const expanded: string[] = [];
  if (!expandResponseFiles(args, cwd, 0, expanded)) return { uncached: 'response-file' };
  // what opening them does depends on what the streams are, and an observed compiler's are pipes
  if (expanded.some(arg => ownStreamPath.test(arg))) return { uncached: 'special-output' };
  let compiles = false;
  let language: string | undefined;
  let output: string | undefined;
  const inputs: { path: string; language: string | undefined }[] = [];
  for (let i = 0; i < expanded.length; i++) {
    const arg = expanded[i]!;
    if (arg === '-') return { uncached: 'standard-input' };
    if (!arg.startsWith('-')) {
      inputs.push({ path: arg, language });
      continue;
    }
    const refusal = refusals.find(({ pattern }) => pattern.test(arg));
    if (refusal !== undefined) return { uncached: refusal.reason };
    if (arg === '-c' || arg === '-S' || arg === '-fsyntax-only') compiles = true;
    else if (arg === '-o' || arg === '--output') output = expanded[++i];
    else if (arg.startsWith('-o') && !arg.startsWith('-object') && arg.length > 2) output = arg.slice(2);
    else if (arg.startsWith('--output=')) output = arg.slice('--output='.length);
    else if (arg === '-x' || arg === '--language') language = languageNamed(expanded[++i]);
    else if (arg.startsWith('-x')) language = languageNamed(arg.slice(2));
    else if (separateValueOptions.has(arg)) {
      const value = expanded[++i];
      if (arg === '-Xclang' && /^-(load|plugin|add-plugin|emit-pch|emit-module)/.test(value ?? ''))
        return { uncached: 'plugin' };
    }
  }
  const languages = inputs.map(input => input.language ?? languageOf(input.path));
  const makesHeader = languages.length > 0 && languages.every(each => each?.endsWith('-header'));
  if (!compiles && !makesHeader) return { uncached: inputs.length === 0 ? 'prints-information' : 'link' };
  return checkInputs(expanded, inputs, output);
}

function checkInputs(
  expanded: string[],
  inputs: { path: string; language: string | undefined }[],
  output: string | undefined,
): CompileCommand | Uncached {
  const [input] = inputs;
  if (input === undefined) return { uncached: 'no-source' };
  if (inputs.length > 1) return { uncached: 'several-sources' };
  const language = input.language ?? languageOf(input.path);
  if (language === undefined) return { uncached: 'link' };
  const makesHeader = language.endsWith('-header');
  if (!makesHeader && !cachedLanguages.has(language)) return { uncached: 'language' };
  return {
    arguments: expanded,
    source: input.path,
    language,
    output,
    makesHeader,
    usesNativeCpu: expanded.some(arg => /^-m(arch|tune|cpu)=native$/.test(arg)),
    choosesColour: expanded.some(arg =>
      /^-f(no-)?(diagnostics-color|color-diagnostics)|^-fdiagnostics-plain-output/.test(arg),
    ),
  };
}

function languageNamed(name: string | undefined): string | undefined {
  return name === 'none' ? undefined : name;
}

/** Which family a compiler belongs to by its file name (after links were followed), or undefined for other programs. */
export function compilerFamily(path: string): CompilerFamily | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^(.+-)?(gcc|g\+\+)(-[0-9.]+)?$/.test(name)) return 'gcc';
  if (/^(.+-)?(clang|clang\+\+)(-[0-9.]+)?$/.test(name)) return 'clang';
  if (/^rustc(-[0-9.]+)?$/.test(name)) return 'rustc';
  return undefined;
}

function expandResponseFiles(args: readonly string[], cwd: string, depth: number, out: string[]): boolean {
  if (depth > responseFileDepthMax) return false;
  for (const arg of args) {
    if (!arg.startsWith('@')) {
      out.push(arg);
      continue;
    }
    let text: string;
    try {
      text = readFileSync(resolve(cwd, arg.slice(1)), 'utf8');
    } catch {
      out.push(arg); // as the compiler does: no such file, so it is an ordinary argument
      continue;
    }
    if (!expandResponseFiles(splitResponse(text), cwd, depth + 1, out)) return false;
  }
  return true;
}

/** Splits a response file as libiberty's buildargv does: white space separates; quotes and backslashes keep. */
function splitResponse(text: string): string[] {
  const args: string[] = [];
  let current = '';
  let started = false;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\' && i + 1 < text.length) {
      current += text[++i];
      started = true;
    } else if (quote !== '') {
      if (c === quote) quote = '';
      else current += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      started = true;
    } else if (/\s/.test(c)) {
      if (started) args.push(current);
      current = '';
      started = false;
    } else {
      current += c;
      started = true;
    }
  }
  if (started) args.push(current);
  return args;
}
