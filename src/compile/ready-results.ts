// Results that a repeated command is answered with at once: by the command as it was given, with the checks that the
// launcher makes before it believes the answer (checks.ts). Only a shortcut: what it names is looked up as ever.
import { type Digest, digestOf } from '../digest.ts';
import { readyBytesMax } from '../limits.ts';
import { decidingVariables } from './compile-key.ts';
import type { CompileRequest } from './compile-request.ts';
import type { Environment } from './input-manifest.ts';
import type { ProjectFolder } from './project-folder.ts';

export interface ReadyResult {
  readonly action: Digest;
  readonly folder: ProjectFolder;
  readonly checks: readonly Buffer[];
}

/** What one entry takes beside the checks that only it has. */
const entryBytes = 500;
const referenceBytes = 8;

export class ReadyResults {
  readonly #entries = new Map<Digest, { readonly ready: ReadyResult; readonly bytes: number }>();
  /** Variables that any compile was seen to ask for: they are part of every command's key. */
  readonly #variables = new Set<string>(decidingVariables);
  /** What these are in the environment of the last command: the next one of a build has the same. */
  #last: { readonly environment: Environment; readonly count: number; readonly text: string } | undefined;
  #bytes = 0;

  keyOf(request: CompileRequest): Digest {
    const { compiler, argv, cwd, environment, stderrIsTerminal, terminalColumns } = request;
    const terminal = `${stderrIsTerminal ? 'terminal' : 'pipe'} ${terminalColumns ?? 0}`;
    return digestOf([compiler, cwd, terminal, ...argv, '', this.#textOf(environment)].join('\0'));
  }

  #textOf(environment: Environment): string {
    const count = this.#variables.size;
    if (this.#last?.environment !== environment || this.#last.count !== count) {
      const parts = [...this.#variables].flatMap(name => [name, environment(name) ?? '\x01']);
      this.#last = { environment, count, text: parts.join('\0') };
    }
    return this.#last.text;
  }

  get(key: Digest): ReadyResult | undefined {
    return this.#entries.get(key)?.ready;
  }

  /** Keeps the entry for the request that `keyOf` the same request gives from now on. */
  set(request: CompileRequest, variables: readonly string[], ready: ReadyResult): void {
    for (const name of variables) this.#variables.add(name);
    const key = this.keyOf(request);
    this.delete(key);
    const own = ready.checks.reduce(
      (sum, check) => sum + (check.length > 1000 ? check.length : referenceBytes),
      entryBytes,
    );
    this.#entries.set(key, { ready, bytes: own });
    this.#bytes += own;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= readyBytesMax) break;
      this.delete(oldest);
    }
  }

  delete(key: Digest): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}
