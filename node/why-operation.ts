// `p2pcache why`: looks into the journal, asks teammates for theirs, and looks at what the compile would get now.
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { accountOf, accountsKey, type CompileAccount, placeOf } from '../src/compile/compile-account.ts';
import type { JournalRow } from '../src/compile/compile-journal.ts';
import type { CompileRequest } from '../src/compile/compile-request.ts';
import { readToldAccounts } from '../src/compile/told-accounts.ts';
import {
  type Comparison,
  type EarlierCompile,
  explain,
  hintFor,
  nearest,
  presentAccount,
} from '../src/compile/why.ts';
import type { WhyAnswer, WhyOutcome } from '../src/control-cache.ts';
import { CodedError } from '../src/errors.ts';
import { deadline } from '../src/platform/clock.ts';
import { clock } from './compose.ts';
import type { Daemon } from './daemon.ts';
import { journalledRequest } from './journalled-request.ts';
import { optionalText, type Request } from './request-fields.ts';

const differencesMax = 20;

export async function why(daemon: Daemon, request: Request): Promise<WhyAnswer> {
  const path = optionalText(request, 'path');
  return path === undefined
    ? whyCommand(daemon, readCommand(daemon, request.command))
    : whyPath(daemon, resolve('/', path));
}

async function whyPath(daemon: Daemon, path: string): Promise<WhyAnswer> {
  const { journal } = daemon.foundation;
  const [row] = journal.about(path);
  if (row === undefined) return { source: null, output: null, last: null, now: null };
  const candidates = row.account === undefined ? [] : await earlierThan(daemon, row, row.account);
  const compared = row.account && nearest(row.account, candidates);
  const last = outcomeOf(row, row.outcome === 'miss' ? compared : undefined);
  const again = journalledRequest(row);
  const now = again && (await foresee(daemon, again, candidatesOf(row)));
  return { source: row.source || null, output: row.output || null, last, now: now ?? null };
}

async function whyCommand(daemon: Daemon, request: CompileRequest): Promise<WhyAnswer> {
  const looked = await daemon.session.front.look(request);
  if ('uncached' in looked) {
    return { source: null, output: null, last: null, now: refusal(looked) };
  }
  const { source, output } = placeOf(looked.identity);
  const { journal } = daemon.foundation;
  const rows = [...journal.about(output), ...journal.about(source)];
  const own = rows.flatMap(candidatesOf);
  const account = accountOf(request, looked.identity, undefined);
  const told = looked.hit === undefined ? await askTeammates(daemon, account) : [];
  return { source, output, last: null, now: (await foresee(daemon, request, [...own, ...told])) ?? null };
}

/** What the request would get now. */
async function foresee(
  { session, foundation }: Daemon,
  request: CompileRequest,
  candidates: readonly EarlierCompile[],
): Promise<WhyOutcome | undefined> {
  const looked = await session.front.look(request);
  if ('uncached' in looked) return refusal(looked);
  if (looked.hit !== undefined) {
    const { tier, record } = looked.hit.found;
    const member = session.team.ledger.keyring().members.get(record.signer)?.name;
    const detail = tier === 'peer' ? (member ?? 'a teammate') : tier;
    return outcomeOf({ outcome: 'hit', detail, atMs: null }, undefined);
  }
  // each of them as it would be with the files that are there now
  const present = candidates.map(earlier => {
    const account = presentAccount(request, looked.identity, earlier.account, foundation.states);
    return nearest(account, [earlier])!;
  });
  present.sort((a, b) => a.differences.length - b.differences.length || b.earlier.atMs - a.earlier.atMs);
  return outcomeOf({ outcome: 'miss', detail: '', atMs: null }, present[0]);
}

function refusal({ uncached, text }: { uncached: string; text?: string }): WhyOutcome {
  const outcome = outcomeOf({ outcome: 'uncached', detail: uncached, atMs: null }, undefined);
  return text === undefined ? outcome : { ...outcome, text: `not cached: ${uncached} (${text})` };
}

function outcomeOf(
  row: Pick<JournalRow, 'outcome' | 'detail'> & { readonly atMs: number | null },
  compared: Comparison | undefined,
): WhyOutcome {
  const { outcome, detail, atMs } = row;
  const earlier = compared?.earlier;
  return {
    outcome,
    detail,
    atMs,
    text: explain(outcome, detail, compared),
    nearest: earlier
      ? {
          member: earlier.member ?? null,
          output: earlier.account.output.replace('{root}/', ''),
          atMs: earlier.atMs,
        }
      : null,
    differences: (compared?.differences ?? []).slice(0, differencesMax),
    hint: hintFor(outcome, detail, compared) ?? null,
  };
}

/** Every compile of the same source or output that came before, here and at teammates. */
async function earlierThan(
  daemon: Daemon,
  row: JournalRow,
  account: CompileAccount,
): Promise<EarlierCompile[]> {
  const { journal } = daemon.foundation;
  const own = [...journal.about(row.output), ...journal.about(row.source), ...otherFolders(daemon, account)];
  const before = own.filter(other => other.order < row.order && other.action !== row.action);
  return [...before.flatMap(candidatesOf), ...(await askTeammates(daemon, account))];
}

/** The same source in this machine's other checkouts. */
function otherFolders({ foundation }: Daemon, account: CompileAccount): JournalRow[] {
  return foundation.journal.atPlace(accountsKey(account.source));
}

function candidatesOf({ account, action, atMs, outcome, detail }: JournalRow): EarlierCompile[] {
  if (account === undefined || action === undefined) return [];
  return [{ account, atMs, detail: outcome === 'miss' ? detail : '', member: undefined }];
}

async function askTeammates(
  { session, foundation }: Daemon,
  account: CompileAccount,
): Promise<EarlierCompile[]> {
  const { members } = session.team.ledger.keyring();
  const key = accountsKey(account.source);
  const { signal, dispose } = deadline(clock, foundation.config.peerDeadlineMs);
  const answers = session.peers.connected().map(async member => {
    const { records, blobs } = await session.peers.requestRecords(member, key, signal);
    const own = records.filter(({ signer, action }) => signer === member && action === key);
    return own.flatMap(record => readToldAccounts(record, blobs, members.get(member)?.name ?? 'a teammate'));
  });
  try {
    const told = await Promise.allSettled(answers);
    return told.flatMap(each => (each.status === 'fulfilled' ? each.value : []));
  } finally {
    dispose();
  }
}

function readCommand({ foundation }: Daemon, value: unknown): CompileRequest {
  const { argv, cwd, environment } = (value ?? {}) as Record<string, unknown>;
  const isSound =
    Array.isArray(argv) &&
    argv.length > 0 &&
    argv.every(each => typeof each === 'string') &&
    typeof cwd === 'string' &&
    typeof environment === 'object' &&
    environment !== null;
  if (!isSound) throw new CodedError('BAD_INPUT', 'neither a path nor a command was given');
  const variables = environment as Record<string, string>;
  const shims = join(foundation.paths.binDir, 'shims');
  const [name] = argv as string[];
  return {
    compiler: findProgram(name!, cwd, variables.PATH ?? '', shims),
    argv: argv as string[],
    cwd,
    environment: each => variables[each],
    variables: () => variables,
    stderrIsTerminal: false,
  };
}

/** The program that runs for `name` where the cache is not in front of it. */
function findProgram(name: string, cwd: string, path: string, shims: string): string {
  if (name.includes('/')) return resolve(cwd, name);
  for (const folder of path.split(delimiter)) {
    const candidate = resolve(cwd, folder, name);
    if (folder === shims) continue;
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // further along PATH
    }
  }
  throw new CodedError('BAD_INPUT', `there is no ${name} on PATH`, {
    hint: 'give a file, or a compiler and its arguments',
  });
}
