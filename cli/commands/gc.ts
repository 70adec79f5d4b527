// `p2pcache gc`: brings this machine's store within its limits now.
import { Command } from 'commander';
import type { StoreSpace } from '../../src/control-cache.ts';
import { ask } from '../daemon.ts';
import { formatBytes, print, printJson } from '../output.ts';

interface Options {
  readonly size?: string;
  readonly age?: string;
  readonly json?: boolean;
}

export const command = new Command()
  .option('--size <size>', 'keep at most so much, e.g. 5GB (default: store_size_max)')
  .option('--age <span>', 'keep what was used within this time, e.g. 7d (default: store_age_max)')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
The least recently used goes first. The daemon does the same by itself whenever the store outgrows store_size_max, and once
an hour for what was not used for store_age_max (both in config.toml); this is for when you need the room now. Records of
which a part is gone are forgotten, too. What goes is made or fetched again when it is needed.

Examples:
  p2pcache gc
  p2pcache gc --size 2GB
  p2pcache gc --age 7d --json`,
  )
  .action(async ({ size, age, json }: Options) => {
    const limits = { ...(size === undefined ? {} : { size }), ...(age === undefined ? {} : { age }) };
    const space = await ask('gc', limits, { silenceMsMax: Number.POSITIVE_INFINITY });
    if (json) printJson(space);
    else print(describeSpace(space));
  });

export function describeSpace({ blobs, records, bytes, storeBytes }: StoreSpace): string {
  const gone = `${blobs} files (${formatBytes(bytes)}) and ${records} records are gone`;
  return `${gone}; the store takes ${formatBytes(storeBytes)}`;
}
