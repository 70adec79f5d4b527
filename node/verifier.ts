// Makes earlier results again and compares them byte for byte: asked for by `p2pcache verify --sample`, and on an idle machine
// where verify_sample says so. Nothing of the build is touched: outputs go to a folder of their own.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Found } from '../src/actions/results.ts';
import type { JournalRow } from '../src/compile/compile-journal.ts';
import type { CompileIdentity } from '../src/compile/compile-key.ts';
import { restoreResult } from '../src/compile/compile-outputs.ts';
import type { CompileRequest } from '../src/compile/compile-request.ts';
import { absolutePath } from '../src/compile/input-manifest.ts';
import { type Cause, causeOf, firstDifference, planRerun } from '../src/compile/rerun.ts';
import type { Mismatch } from '../src/control-cache.ts';
import { digestOf } from '../src/digest.ts';
import { blobSizeBytesMax, rerunTimeoutMs } from '../src/limits.ts';
import type { Foundation, Session } from './compose.ts';
import { journalledRequest } from './journalled-request.ts';
import { runIdly } from './system/child-processes.ts';
import { realClock } from './system/real-clock.ts';

export type Verdict = 'same' | { readonly skipped: string } | { readonly mismatch: Mismatch };

/** What one making gave: each output (by its absolute path) and what was printed. */
type Making = ReadonlyMap<string, Uint8Array>;

/** Makes the result of this compile again and compares it with what the cache would give for it now. */
export async function verifyCompile(
  { foundation, session }: { readonly foundation: Foundation; readonly session: Session },
  row: JournalRow,
  signal: AbortSignal,
): Promise<Verdict> {
  const request = journalledRequest(row);
  if (request === undefined) return { skipped: 'unknown-command' };
  const looked = await session.front.look(request);
  if ('uncached' in looked) return { skipped: looked.uncached };
  if (looked.hit === undefined) return { skipped: 'inputs-changed' };
  const { identity, hit } = looked;
  const recorded = recordedMaking(hit.found, identity);
  const again = await make(request, identity, recorded, signal);
  if ('skipped' in again) return again;
  if (differing(recorded, again).length === 0) return 'same';
  const onceMore = await make(request, identity, recorded, signal);
  if ('skipped' in onceMore) return onceMore;
  const after = await session.front.look(request);
  const isSteady = !('uncached' in after) && after.hit?.inputs.action === hit.inputs.action;
  if (!isSteady) return { skipped: 'inputs-changed' };
  const mismatch = describe(session, row, hit.found, { recorded, again, onceMore });
  foundation.ready.clear();
  await foundation.mismatches.add(mismatch);
  foundation.log.write('result-differs', {
    output: row.output,
    cause: mismatch.cause,
    signer: mismatch.recorded.key,
  });
  return { mismatch };
}

function recordedMaking(found: Found, { folder }: CompileIdentity): Making {
  const { outputs, stdout, stderr } = restoreResult(found, folder);
  const files = outputs.map(({ path, bytes }) => [absolutePath(path, folder), bytes] as const);
  return new Map([...files, ['stdout', stdout], ['stderr', stderr]]);
}

async function make(
  request: CompileRequest,
  identity: CompileIdentity,
  recorded: Making,
  signal: AbortSignal,
): Promise<Making | { readonly skipped: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'p2pcache-verify-'));
  try {
    const outputs = [...recorded.keys()].filter(path => path.startsWith('/'));
    const plan = planRerun(identity, outputs, folder);
    if ('skipped' in plan) return plan;
    const { exitCode, stdout, stderr } = await runIdly(
      {
        path: request.compiler,
        argv: [request.compiler, ...plan.arguments],
        cwd: request.cwd,
        environment: { ...request.variables(), P2PCACHE_MODE: 'off' },
      },
      { timeoutMs: rerunTimeoutMs, bytesMax: blobSizeBytesMax, signal },
    );
    if (exitCode !== 0) return { skipped: 'compile-failed' };
    const making = new Map<string, Uint8Array>([
      ['stdout', stdout],
      ['stderr', stderr],
    ]);
    for (const [output, file] of plan.files) making.set(output, readFileSync(file));
    const namesFolder = [...making.values()].some(bytes => Buffer.from(bytes).includes(folder));
    return namesFolder ? { skipped: 'names-its-output' } : making;
  } catch {
    return { skipped: 'not-made-again' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function differing(a: Making, b: Making): string[] {
  return [...a.keys()].filter(
    path => firstDifference(a.get(path)!, b.get(path) ?? new Uint8Array(0)) !== undefined,
  );
}

const causeTexts: Readonly<Record<Cause, string>> = {
  timestamp: 'a date or time is in it',
  path: 'another path is in it',
  randomness: 'the compiler makes it anew each time; for gcc -flto, -frandom-seed=<file> settles it',
  unknown:
    'made here twice it is the same each time: it was made by another compiler, or is not what it claims to be',
};

function describe(
  { identity: self, team }: Session,
  row: JournalRow,
  { record }: Found,
  { recorded, again, onceMore }: Record<'recorded' | 'again' | 'onceMore', Making>,
): Mismatch {
  const { members } = team.ledger.keyring();
  const nameOf = (key: string) => members.get(key as never)?.name ?? null;
  const paths = differing(recorded, again);
  const causes = paths.map(path => causeOf(recorded.get(path)!, again.get(path)!, onceMore.get(path)!));
  const cause = causes.find(each => each !== 'unknown') ?? 'unknown';
  const isOwn = record.signer === self.key;
  const maker = isOwn ? 'this machine' : (nameOf(record.signer) ?? record.signer.slice(0, 12));
  const isDisputed = cause === 'unknown' || cause === 'path';
  return {
    foundAtMs: realClock.nowMs(),
    action: record.action,
    source: row.source,
    output: row.output,
    recorded: { member: nameOf(record.signer), key: record.signer, atMs: record.createdAtMs },
    again: { member: nameOf(self.key), key: self.key },
    files: paths.map(path => ({
      path,
      recorded: digestOf(recorded.get(path)!),
      again: digestOf(again.get(path)!),
      firstDifferenceAt: firstDifference(recorded.get(path)!, again.get(path)!) ?? 0,
    })),
    cause,
    text: `${row.output}, made by ${maker}, comes out different here: ${causeTexts[cause]}`,
    isDisputed,
  };
}
