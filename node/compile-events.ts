// What happens to compiles, told to everyone who keeps count of it: the counters, the journal, and the log that
// P2PCACHE_DEBUG asks for.
import { resolve } from 'node:path';
import type { Found } from '../src/actions/results.ts';
import { accountOf, accountsKey, placeOf } from '../src/compile/compile-account.ts';
import type { CompileJournal, JournalEntry, Outcome } from '../src/compile/compile-journal.ts';
import type { CompileEvents, ToldCompile } from '../src/compile/compile-request.ts';
import { toPortable } from '../src/compile/project-folder.ts';
import { sharings } from '../src/compile/why.ts';
import type { Digest } from '../src/digest.ts';
import type { Stats } from '../src/stats.ts';
import type { Keyring } from '../src/team/keyring.ts';
import type { CompileDebugLog } from './compile-debug-log.ts';

export interface CompileEventsParts {
  readonly stats: Stats;
  readonly journal: CompileJournal;
  readonly debugLog: CompileDebugLog;
  readonly keyring: () => Keyring;
  /** These blobs were of use once more. */
  readonly used: (blobs: readonly Digest[]) => void;
}

export function compileEvents({
  stats,
  journal,
  debugLog,
  keyring,
  used,
}: CompileEventsParts): CompileEvents {
  const note = (compile: ToldCompile, outcome: Outcome, detail: string) => {
    debugLog.write(compile, outcome, detail);
    journal.note(entryOf(compile, outcome, detail));
  };
  return {
    hit(found, compile) {
      const member = keyring().members.get(found.record.signer)?.name;
      countHit(stats, found, member);
      const detail = found.tier === 'peer' ? (member ?? 'a teammate') : found.tier;
      note(compile, 'hit', detail);
    },
    repeated({ action, cwd, durationMs, blobBytes, blobs }) {
      stats.hit('memory', { savedMs: durationMs, bytes: blobBytes });
      journal.noteRepeat(action, cwd, 'memory');
      used(blobs);
    },
    miss(compile, { isKept, isBound, needsProof = false }) {
      stats.miss();
      if (isBound) stats.lost('folder-bound');
      const kept = isBound ? sharings.folder : needsProof ? sharings.ifProven : sharings.everywhere;
      note(compile, 'miss', isKept ? kept : sharings.nobody);
    },
    unproven: () => stats.lost('folder-unproven'),
    uncached(reason, compile) {
      stats.uncached(reason);
      note(compile, 'uncached', reason);
    },
    refused: reason => stats.refused(reason),
  };
}

function countHit(stats: Stats, { tier, record, blobs }: Found, member: string | undefined): void {
  let bytes = 0;
  for (const blob of blobs.values()) bytes += blob.byteLength;
  stats.hit(tier, { savedMs: record.durationMs, bytes, ...(member === undefined ? {} : { member }) });
}

function entryOf(compile: ToldCompile, outcome: Outcome, detail: string): JournalEntry {
  const { request, identity, inputs } = compile;
  const { cwd } = request;
  if (identity === undefined) {
    const place = guessPlace(request.argv.slice(1), cwd);
    return { ...place, cwd, place: undefined, action: undefined, outcome, detail, account: () => undefined };
  }
  const { source, output } = placeOf(identity);
  return {
    source,
    output,
    cwd,
    place: inputs && accountsKey(toPortable(source, identity.folder)),
    action: inputs?.action,
    outcome,
    detail,
    account: () => accountOf(request, identity, inputs),
  };
}

/** Where a command that was not understood reads and writes, as far as it shows. */
function guessPlace(args: readonly string[], cwd: string): { source: string; output: string } {
  const at = args.indexOf('-o');
  const output = at < 0 ? undefined : args[at + 1];
  const source = args.find((arg, i) => /^[^-@].*\.[A-Za-z+]+$/.test(arg) && i !== at + 1);
  const absolute = (path: string | undefined) => (path === undefined ? '' : resolve(cwd, path));
  return { source: absolute(source), output: absolute(output) };
}
