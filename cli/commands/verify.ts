// `p2pcache verify`: whether everything in this machine's store is sound, and whether results come out the same when they are
// made again.
import { Command } from 'commander';
import type { Mismatch, SampleReport, StoreCheck } from '../../src/control-cache.ts';
import { CodedError } from '../../src/errors.ts';
import { ask } from '../daemon.ts';
import { bold, formatDuration, print, printJson, say } from '../output.ts';

interface Options {
  readonly sample?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

export const command = new Command()
  .option('--sample <share>', 'make a share of earlier results again and compare them, e.g. 10%')
  .option('--list', 'show every difference that was found so far')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Alone, it reads every file and every record of this machine's store. What is corrupt is dropped (it is made or fetched again when it
is needed) and counted; hits check the same whenever they use a file, so nothing corrupt is ever restored.

With --sample it compiles a share of what was compiled here before once more, where the inputs are still the same, into a
folder of its own, and compares object, depfile and diagnostics byte for byte with what the cache would give. A difference
names both makers and, where it shows, its cause:

  timestamp    a date or time is in the result
  path         another path is in it
  randomness   the compiler makes it anew each time
  unknown      the same twice here, and not what was recorded: another compiler, or a lie

After the causes path and unknown the record does not count on this machine any more. Differences are kept as evidence
(--list). verify_sample = "2%" in config.toml has the daemon do the same by itself while the machine is idle.

Exits with 0 where all is well, with 1 where something was corrupt or different.

Examples:
  p2pcache verify
  p2pcache verify --sample 10%
  p2pcache verify --sample 100% --json | jq .mismatches
  p2pcache verify --list`,
  )
  .action(async ({ sample, list, json }: Options) => {
    if (sample !== undefined && list)
      throw new CodedError('BAD_INPUT', '--sample and --list do not go together', {
        hint: 'give one of them',
      });
    if (list) return showList(json === true);
    const isWell =
      sample === undefined ? await checkStore(json === true) : await checkSample(sample, json === true);
    if (!isWell) process.exitCode = 1;
  });

async function checkStore(isJson: boolean): Promise<boolean> {
  const onProgress = progressOn<StoreCheck>(
    isJson,
    ({ blobs, records }) => `${blobs} files, ${records} records so far`,
  );
  const check = await ask('verifyStore', {}, { onProgress });
  if (isJson) printJson(check);
  else print(describeCheck(check));
  return check.corruptBlobs + check.corruptRecords === 0;
}

async function checkSample(share: string, isJson: boolean): Promise<boolean> {
  const onProgress = progressOn<SampleReport>(isJson, ({ chosen, same, skipped, mismatches }) => {
    const done = same + mismatches.length + sum(skipped);
    return `${done} of ${chosen}`;
  });
  // one compile may take its time
  const report = await ask('verifySample', { share }, { onProgress, silenceMsMax: Number.POSITIVE_INFINITY });
  if (isJson) printJson(report);
  else for (const line of describeSample(report)) print(line);
  return report.mismatches.length === 0;
}

async function showList(isJson: boolean): Promise<void> {
  const { mismatches } = await ask('mismatches', {});
  if (isJson) printJson({ mismatches });
  else if (mismatches.length === 0) print('no difference was ever found');
  else for (const mismatch of mismatches) for (const line of describeMismatch(mismatch)) print(line);
}

function describeCheck({
  blobs,
  corruptBlobs,
  records,
  corruptRecords,
  incompleteRecords,
}: StoreCheck): string {
  const verdict =
    corruptBlobs + corruptRecords === 0
      ? 'all sound'
      : `${corruptBlobs} files and ${corruptRecords} records were corrupt and are gone`;
  const incomplete =
    incompleteRecords === 0 ? '' : `; ${incompleteRecords} records lack a file (p2pcache gc forgets them)`;
  return `${blobs} files and ${records} records: ${verdict}${incomplete}`;
}

function* describeSample({ chosen, same, skipped, mismatches }: SampleReport): Generator<string> {
  if (chosen === 0) yield 'nothing was compiled here yet that could be made again';
  else
    yield `${chosen} compiles chosen: ${same} the same, ${mismatches.length} different, ${sum(skipped)} not comparable`;
  for (const [reason, count] of Object.entries(skipped)) yield `  ${count}  ${reason}`;
  for (const mismatch of mismatches) yield* describeMismatch(mismatch);
}

function* describeMismatch(mismatch: Mismatch): Generator<string> {
  const { text, recorded, again, files, isDisputed, foundAtMs } = mismatch;
  yield bold(text);
  const who = ({ member, key }: { member: string | null; key: string }) =>
    `${member ?? '?'} (${key.slice(0, 12)})`;
  yield `  recorded by ${who(recorded)}, made again by ${who(again)} ${formatDuration(Math.max(0, Date.now() - foundAtMs))} ago`;
  for (const file of files) yield `  ${file.path} differs from byte ${file.firstDifferenceAt} on`;
  if (isDisputed) yield '  the record does not count on this machine any more';
}

/** Something to look at, on a terminal, while it takes its time. */
function progressOn<News>(isQuiet: boolean, text: (news: News) => string): (news: News) => void {
  if (isQuiet || !process.stderr.isTTY) return () => {};
  let shownAtMs = Date.now();
  return news => {
    if (Date.now() - shownAtMs < 1000) return;
    shownAtMs = Date.now();
    say(text(news));
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
