// What `p2pcache verify --sample` and `--list` do, and the same by itself on an idle machine.
import type { JournalRow } from '../src/compile/compile-journal.ts';
import type { Mismatch, SampleReport } from '../src/control-cache.ts';
import { idleVerifyEveryMs, idleVerifyQuietMs, idleVerifyRowsMax } from '../src/limits.ts';
import { clock } from './compose.ts';
import { share } from './config.ts';
import type { Daemon } from './daemon.ts';
import type { OperationHandlers } from './endpoints/control-socket.ts';
import { spelled } from './store-operations.ts';
import { runnableCount } from './system/machine-load.ts';
import { systemRandom } from './system/system-random.ts';
import { verifyCompile } from './verifier.ts';

type VerifyHandlers = Pick<OperationHandlers, 'verifySample' | 'mismatches'>;

export function verifyOperations(daemon: Daemon): VerifyHandlers {
  return {
    verifySample: async (request, { signal, progress }) => {
      const ratio = spelled(request, 'share', share, 'a share such as 10%') ?? 1;
      await daemon.session.storing.settleAll();
      const rows = choose([...daemon.foundation.journal.cached()], ratio);
      const report = {
        chosen: rows.length,
        same: 0,
        skipped: {} as Record<string, number>,
        mismatches: [] as Mismatch[],
      };
      for (const row of rows) {
        signal.throwIfAborted();
        const verdict = await verifyCompile(daemon, row, signal);
        if (verdict === 'same') report.same += 1;
        else if ('mismatch' in verdict) report.mismatches.push(verdict.mismatch);
        else report.skipped[verdict.skipped] = (report.skipped[verdict.skipped] ?? 0) + 1;
        progress(structuredClone(report) as SampleReport);
      }
      return report;
    },
    mismatches: async () => ({ mismatches: daemon.foundation.mismatches.list() }),
  };
}

/** So many of them, at least one, in no order. */
function choose(rows: JournalRow[], ratio: number): JournalRow[] {
  const count = ratio === 0 ? 0 : Math.max(1, Math.round(rows.length * ratio));
  const keyed = rows.map(row => ({ row, at: systemRandom.fraction() }));
  keyed.sort((a, b) => a.at - b.at);
  return keyed.slice(0, count).map(({ row }) => row);
}

/** Verifies a share of new compiles while nobody needs the machine, one a minute; returns what ends it. */
export function verifyWhenIdle(daemon: Daemon): () => void {
  const { config, journal, log } = daemon.foundation;
  if (config.verifySample === 0) return () => {};
  const ended = new AbortController();
  const seen = new Set<string>();
  let timer = setTimeout(look, idleVerifyEveryMs);
  timer.unref();
  return () => {
    clearTimeout(timer);
    ended.abort(new Error('the daemon ends'));
  };

  async function look(): Promise<void> {
    try {
      const row = nextRow();
      if (row !== undefined) await verifyCompile(daemon, row, ended.signal);
    } catch (error) {
      if (!ended.signal.aborted) log.write('trouble', { what: 'verifying', error: String(error) });
    }
    if (ended.signal.aborted) return;
    timer = setTimeout(look, idleVerifyEveryMs);
    timer.unref();
  }

  /** The next of the latest compiles that chance picks; undefined while the machine is in use. */
  function nextRow(): JournalRow | undefined {
    // this process itself is one that runs
    if (runnableCount() > 1) return undefined;
    let looked = 0;
    for (const row of journal.cached()) {
      if (clock.nowMs() - row.atMs < idleVerifyQuietMs) return undefined;
      looked += 1;
      if (looked > idleVerifyRowsMax) return undefined;
      const key = `${row.output}\0${row.action}`;
      if (seen.has(key)) continue;
      if (seen.size >= 10 * idleVerifyRowsMax) seen.clear();
      seen.add(key);
      if (systemRandom.fraction() < config.verifySample) return row;
    }
    return undefined;
  }
}
