// Commands that are given again: expects each that was answered or run once more, with the checks under which its result still
// holds, and counts what launchers say they answered by themselves (ready-results.ts).
import { resolve } from 'node:path';
import { blobsOf } from '../actions/action-result.ts';
import type { Found } from '../actions/results.ts';
import { checksOf, leadsToCheck, markerChecks, variableChecks } from './checks.ts';
import { decidingVariables } from './compile-key.ts';
import { restoreResult } from './compile-outputs.ts';
import type { CompileRequest, CompileTicket } from './compile-request.ts';
import { mayRead } from './compile-settings.ts';
import type { FileStates } from './file-states.ts';
import { absolutePath, type EvaluatedInputs } from './input-manifest.ts';
import type { ReadyResult, ReadyResults } from './ready-results.ts';

/** What decides which folder is which, or what is looked for where, without being an input of any compiler. */
const placingVariables = ['PATH', 'HOME', 'CARGO_HOME', 'OUT_DIR'];

export interface RepeatsParts {
  readonly ready: ReadyResults;
  readonly states: FileStates;
  /** Passes on what launchers have told and was not heard yet. */
  readonly hear: () => void;
  readonly onRepeated: (ready: ReadyResult) => void;
}

export class Repeats {
  readonly #parts: RepeatsParts;
  #onRestores: (path: string) => void = () => {};

  constructor(parts: RepeatsParts) {
    this.#parts = parts;
  }

  /** The listener is told of every absolute path before a launcher writes there. */
  onRestores(listener: (path: string) => void): void {
    this.#onRestores = listener;
  }

  /** Everything that launchers did until now is known when this returns. */
  hear(): void {
    this.#parts.hear();
  }

  /** A launcher is about to restore what the file of this name holds. */
  restores(name: string): void {
    for (const path of this.#parts.ready.get(name)?.outputs ?? []) this.#onRestores(path);
  }

  /** A launcher has restored it. */
  restored(name: string): void {
    const ready = this.#parts.ready.get(name);
    if (ready !== undefined) this.#parts.onRepeated(ready);
  }

  /** The same command is answered with this result, until something that it depends on is no more what it is now. */
  expect(
    { request, identity, settings }: Pick<CompileTicket, 'request' | 'identity' | 'settings'>,
    { set, action }: EvaluatedInputs,
    {
      record,
      blobs,
    }: Pick<Found, 'blobs'> & { readonly record: Pick<Found['record'], 'result' | 'durationMs'> },
  ): void {
    const { ready, states } = this.#parts;
    if (!mayRead(settings.mode) || isDebugged(request)) return;
    const { folder } = identity;
    const { compiler, cwd, environment } = request;
    const checks = checksOf(set, folder, environment, states);
    const called = resolve(cwd, compiler);
    const real = states.realPathOf(called);
    if (checks === undefined || real === undefined) return;
    const variables = [...decidingVariables, ...placingVariables, ...set.environment];
    const all = [
      ...variableChecks(variables, environment),
      ...settings.checks,
      // added options name the project's root: it must still be that
      ...(identity.added.length === 0 ? [] : markerChecks(folder, states)),
      leadsToCheck(called, real),
      ...checks,
    ];
    const restored = restoreResult({ record, blobs }, folder);
    void ready.keep(request, all, restored, {
      ...{ action, cwd, durationMs: record.durationMs },
      blobs: blobsOf(record.result),
      blobBytes: [...blobs.values()].reduce((sum, bytes) => sum + bytes.byteLength, 0),
      outputs: restored.outputs.map(({ path }) => absolutePath(path, folder)),
    });
  }
}

/** Every input is looked at, so that it can be logged. */
function isDebugged({ environment }: CompileRequest): boolean {
  return Boolean(environment('P2PCACHE_DEBUG'));
}
