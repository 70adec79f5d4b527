// Proof that a compile does not depend on its folder's name, for sources that could put it into the result (__FILE__ of a
// source named by an absolute path). Looking at the object is not enough: sizeof(__FILE__) leaves no text. So the source is
// preprocessed, here and now, and the result is shared only if the folder's name is nowhere in what the compiler compiles, but
// for where it could only be printed (printed-file-names.ts): the result holds no folder, so there it was never reached.
// It costs about a tenth of the compile, once per result, and only in a folder that has no result of its own.
import type { Digest } from '../digest.ts';
import { preprocessedBytesMax, proofTimeoutMs } from '../limits.ts';
import type { ProcessRunner } from '../platform/process-runner.ts';
import type { CompileCommand } from './command-line.ts';
import type { CompileIdentity } from './compile-key.ts';
import type { CompileRequest } from './compile-request.ts';
import { folderSpellings } from './folder-evidence.ts';
import { withoutPrintedNames } from './printed-file-names.ts';

const provenMax = 50_000;
/** Expanded by the compiler proper, so still a name in preprocessed text. */
const laterTokens = ['__builtin_FILE', '__builtin_source_location', 'source_location'];

export class FolderProof {
  readonly #processes: ProcessRunner;
  readonly #onUnproven: () => void;
  readonly #proven = new Map<Digest, boolean>();

  /** `onUnproven`: told once for each result that could not be shown to be free of it. */
  constructor(processes: ProcessRunner, onUnproven: () => void) {
    this.#processes = processes;
    this.#onUnproven = onUnproven;
  }

  /** Whether this action's compile, in this request's folder, is free of the folder's name. Trouble is a no. */
  async isFolderFree(action: Digest, request: CompileRequest, identity: CompileIdentity): Promise<boolean> {
    const known = this.#proven.get(action);
    if (known !== undefined) return known;
    const text = await this.#processes.outputOf(
      {
        path: request.compiler,
        argv: [request.compiler, ...preprocessArguments([...identity.added, ...identity.command.arguments])],
        cwd: request.cwd,
        environment: { ...request.variables(), P2PCACHE_MODE: 'off' },
      },
      { timeoutMs: proofTimeoutMs, bytesMax: preprocessedBytesMax },
    );
    if (text === undefined) return false; // a busy machine, for one: asked again the next time
    const isFree = isFreeOf(identity, text);
    if (this.#proven.size >= provenMax) this.#proven.clear();
    this.#proven.set(action, isFree);
    if (!isFree) this.#onUnproven();
    return isFree;
  }
}

function isFreeOf({ folder, command }: CompileIdentity, preprocessed: Buffer): boolean {
  const names = [...folderSpellings(folder, command.source), ...laterTokens];
  const isFree = (text: string | Buffer) => !names.some(name => text.includes(name));
  if (isFree(preprocessed)) return true;
  if (!showsPrintedNames(command)) return false;
  const rest = withoutPrintedNames(preprocessed.toString(), folder.root);
  return rest !== undefined && isFree(rest);
}

/** Assembler text and debug information: not looked into for what they say of code that is not there. */
const refusedOptions = /^-(S|g(?!0$).*)$/;
/** Warnings of long string literals; there are none in C++. */
const measuringOptions = /^-(W?pedantic.*|Woverlength-strings.*)$/;

/** Whether a file's name that is printed can be seen in this command's result as it is. */
function showsPrintedNames({ arguments: args, language }: CompileCommand): boolean {
  if (language !== 'c' && language !== 'c++') return false;
  return !args.some(arg => refusedOptions.test(arg) || (language === 'c' && measuringOptions.test(arg)));
}

/** The same command, preprocessing only, to standard output and without line markers. */
export function preprocessArguments(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (/^(-o|--output|-MF|-MT|-MQ|-dumpbase|-dumpdir|-dumpbase-ext|-aux-info)$/.test(arg)) i++;
    else if (
      !/^(-c|-S|-o.+|--output=.*|-M[A-Z]*|-M[FTQ].+|-Wp,-M.*|-save-temps.*|-ftime-trace.*|-g.*)$/.test(arg)
    )
      kept.push(arg);
  }
  return [...kept, '-E', '-P'];
}
