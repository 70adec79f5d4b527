// `p2pcache stats`: what the cache did for this machine.
import { Command } from 'commander';
import type { FarmView } from '../../src/control-farm.ts';
import type { StatsSnapshot } from '../../src/stats.ts';
import { ask } from '../daemon.ts';
import { lastBuildText } from '../farm-report.ts';
import { bold, formatBytes, formatDuration, print, printJson, table } from '../output.ts';

export const command = new Command()
  .option('--json', 'print JSON')
  .option('--zero', 'start counting from nothing, after printing')
  .addHelpText(
    'after',
    `
hits       answered from memory, from this machine's disk, or by a teammate's machine
misses     had to run; the result is kept for you and for the team
uncached   passed to the compiler as they were, and why
refused    data from outside that was forged, damaged or too large: dropped, never used
fallbacks  times the cache failed and the command ran without it
lost       results that other folders and teammates cannot use: those that hold their folder (debug information, __FILE__) are
           shared with prefix_maps = true in p2pcache.toml
farm       compiles that teammates ran for this machine since its daemon started, and it for them

Examples:
  p2pcache stats --zero && make -j8 && p2pcache stats
  p2pcache stats --json | jq .hits.peer`,
  )
  .action(async ({ json, zero }: { json?: boolean; zero?: boolean }) => {
    const stats = await ask('stats', zero ? { zero: true } : {});
    const farm = await ask('farm', {});
    const { jobs, lastBuild } = farm;
    if (json) printJson({ ...stats, farm: { jobs, lastBuild } });
    else print(table([...describe(stats), ...farmRows(farm)]));
  });

function describe(stats: StatsSnapshot): string[][] {
  const { hits, bytes } = stats;
  const hitCount = hits.memory + hits.disk + hits.peer;
  const asked = hitCount + stats.misses;
  const share = asked === 0 ? '' : ` (${((100 * hitCount) / asked).toFixed(1)} % of ${asked})`;
  return [
    ['hits', bold(`${hitCount}${share}`)],
    ['  memory', String(hits.memory)],
    ['  disk', String(hits.disk)],
    ['  teammates', String(hits.peer)],
    ...reasons(stats.peers, '    '),
    ['misses', String(stats.misses)],
    ...section('uncached', stats.uncached),
    ...section('refused', stats.refused),
    ...section('fallbacks', stats.fallbacks),
    ...lostRows(stats.lost),
    ['restored', formatBytes(bytes.restored)],
    ['  from teammates', formatBytes(bytes.fromPeers)],
    ['stored', formatBytes(bytes.stored)],
    ['time saved', `${formatDuration(stats.savedMs)} of running compilers`],
    ['since', new Date(stats.sinceMs).toLocaleString()],
  ];
}

/** Nothing as long as nobody's jobs travelled. */
function farmRows(view: FarmView): string[][] {
  const { sent, done, ranForOthers } = view.jobs;
  if (sent + ranForOthers === 0) return [];
  const build = lastBuildText(view);
  return [
    ['farm', `${sent} jobs sent, ${done} done; ${ranForOthers} run for others (p2pcache farm says more)`],
    ...(build === undefined ? [] : [['  last build', build]]),
  ];
}

/** Named with what can be done about it. */
function lostRows(lost: StatsSnapshot['lost']): string[][] {
  const hint = 'prefix_maps = true in p2pcache.toml shares them';
  const hints: Record<string, string> = { 'folder-bound': hint, 'folder-unproven': hint };
  const rows = section('lost', lost);
  return rows.map(([name = '', count = '']) => {
    const own = hints[name.trim()];
    return [name, own === undefined ? count : `${count}  (${own})`];
  });
}

function section(title: string, counts: Readonly<Record<string, number>>): string[][] {
  const sum = Object.values(counts).reduce((a, b) => a + b, 0);
  return [[title, String(sum)], ...reasons(counts, '  ')];
}

function reasons(counts: Readonly<Record<string, number>>, indent: string): string[][] {
  const byCount = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return byCount.map(([reason, count]) => [`${indent}${reason}`, String(count)]);
}
