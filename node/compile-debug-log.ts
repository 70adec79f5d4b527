// The log that P2PCACHE_DEBUG asks for: every input that went into a compile's key, one per line and sorted, with its digest,
// so that two logs (of two runs, or of two machines) can be laid side by side with diff. P2PCACHE_DEBUG=1 writes to debug.log
// beside the daemon's log; any other value names a file, counted from the command's working folder.
import { appendFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { accountOf, type CompileAccount } from '../src/compile/compile-account.ts';
import type { ToldCompile } from '../src/compile/compile-request.ts';

export class CompileDebugLog {
  readonly #defaultFile: string;
  readonly #onError: (error: unknown) => void;
  /** One after the other: compiles run side by side, their lines must not mix. */
  #last: Promise<void> = Promise.resolve();

  constructor(defaultFile: string, onError: (error: unknown) => void) {
    this.#defaultFile = defaultFile;
    this.#onError = onError;
  }

  /** Writes where the command asked for it; trouble costs the log only. */
  write(compile: ToldCompile, outcome: string, detail: string): void {
    const { environment, cwd } = compile.request;
    const asked = environment('P2PCACHE_DEBUG');
    if (asked === undefined || asked === '' || asked === '0') return;
    const file = asked === '1' ? this.#defaultFile : isAbsolute(asked) ? asked : join(cwd, asked);
    const text = `${[...describe(compile, outcome, detail)].join('\n')}\n\n`;
    this.#last = this.#last.then(() => appendFile(file, text, { mode: 0o600 })).catch(this.#onError);
  }

  /** Resolves once everything is written. */
  settled(): Promise<void> {
    return this.#last;
  }
}

function* describe(compile: ToldCompile, outcome: string, detail: string): Generator<string> {
  const { request, identity, inputs } = compile;
  yield `compile ${identity === undefined ? request.argv.join(' ') : identity.command.source}`;
  yield `outcome ${outcome} ${detail}`;
  if (identity === undefined) {
    yield `folder ${request.cwd}`;
    return;
  }
  if (inputs !== undefined) yield `action ${inputs.action}`;
  yield `root ${identity.folder.root}`;
  yield* describeAccount(accountOf(request, identity, inputs));
}

function* describeAccount(account: CompileAccount): Generator<string> {
  yield `compiler ${account.family} ${account.compilerPath} ${account.compiler}`;
  yield `working-folder ${account.cwd}`;
  for (const argument of account.arguments) yield `argument ${argument}`;
  for (const argument of account.added) yield `added ${argument}`;
  if (account.cpu !== '') yield `processor ${account.cpu}`;
  for (const [name, value] of account.environment)
    yield value === null ? `environment ${name} unset` : `environment ${name}=${value}`;
  const { set, contents } = account;
  for (const [i, path] of set.reads.entries()) yield `read ${path} ${contents[i] ?? '-'}`;
  for (const path of set.missing) yield `missing ${path}`;
  for (const path of set.exists) yield `exists ${path}`;
  for (const path of set.listed) yield `listed ${path}`;
  for (const path of set.resolved) yield `resolved ${path}`;
}
