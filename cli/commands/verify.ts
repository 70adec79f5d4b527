// `p2pcache verify`: whether everything in this machine's store is sound.
import { Command } from 'commander';
import type { StoreCheck } from '../../src/control-cache.ts';
import { ask } from '../daemon.ts';
import { print, printJson, say } from '../output.ts';

export const command = new Command()
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Reads every file and every record of this machine's store. What is corrupt is dropped (it is made or fetched again when it is needed)
and counted; hits check the same whenever they use a file, so nothing corrupt is ever restored.

Exits with 0 where all is sound, with 1 where something was corrupt.

Examples:
  p2pcache verify
  p2pcache verify --json | jq .corruptBlobs`,
  )
  .action(async ({ json }: { json?: boolean }) => {
    const check = await ask('verifyStore', {}, { onProgress: showProgress(json === true) });
    if (json) printJson(check);
    else print(describeCheck(check));
    if (check.corruptBlobs + check.corruptRecords > 0) process.exitCode = 1;
  });

function describeCheck({
  blobs,
  corruptBlobs,
  records,
  corruptRecords,
  incompleteRecords,
}: StoreCheck): string {
  const corrupt = corruptBlobs + corruptRecords;
  const verdict =
    corrupt === 0
      ? 'all sound'
      : `${corruptBlobs} files and ${corruptRecords} records were corrupt and are gone`;
  const incomplete =
    incompleteRecords === 0 ? '' : `; ${incompleteRecords} records lack a file (p2pcache gc forgets them)`;
  return `${blobs} files and ${records} records: ${verdict}${incomplete}`;
}

/** Something to look at, on a terminal, while it takes its time. */
function showProgress(isQuiet: boolean): (sofar: StoreCheck) => void {
  if (isQuiet || !process.stderr.isTTY) return () => {};
  let shownAtMs = Date.now();
  return ({ blobs, records }) => {
    if (Date.now() - shownAtMs < 1000) return;
    shownAtMs = Date.now();
    say(`${blobs} files, ${records} records so far`);
  };
}
