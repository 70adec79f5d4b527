// What a benchmark found: figures with their bounds, printed as one table; missing one bound fails the benchmark.
import type { RivalName } from './rivals.ts';

export interface Figure {
  readonly name: string;
  /** What each rival took, as it is to be shown. */
  readonly byRival: Readonly<Partial<Record<RivalName, string>>>;
  /** The figure that has a bound, and the bound, as they are to be shown. */
  readonly measured?: string;
  readonly bound?: string;
  /** Undefined where there is no bound, or nothing to compare with. */
  readonly isMet?: boolean;
}

const verdicts = { true: 'yes', false: 'NO', undefined: '' };

/** A figure that is a ratio: `of` a rival, at most `atMost` (without it, only shown). */
export function ratioFigure(
  name: string,
  ms: Readonly<Partial<Record<RivalName, number>>>,
  of: RivalName,
  atMost?: number,
): Figure {
  const byRival = Object.fromEntries(Object.entries(ms).map(([rival, value]) => [rival, formatMs(value)]));
  const [own, other] = [ms.p2pcache, ms[of]];
  if (own === undefined || other === undefined) return { name, byRival };
  const ratio = own / other;
  const measured = `${ratio.toFixed(ratio < 1 ? 2 : 3)} × ${of}`;
  return atMost === undefined
    ? { name, byRival, measured }
    : { name, byRival, measured, bound: `≤ ${atMost}`, isMet: ratio <= atMost };
}

/** Prints the table and returns whether every bound was met. */
export function report(title: string, rivals: readonly RivalName[], figures: readonly Figure[]): boolean {
  const head = [title, ...rivals, 'measured', 'bound', 'met'];
  const rows = figures.map(({ name, byRival, measured, bound, isMet }) => [
    name,
    ...rivals.map(rival => byRival[rival] ?? ''),
    measured ?? '',
    bound ?? '',
    verdicts[`${isMet}`],
  ]);
  process.stdout.write(`\n${formatTable([head, ...rows])}\n\n`);
  const missed = figures.filter(({ isMet }) => isMet === false);
  for (const { name, measured, bound } of missed)
    process.stdout.write(`missed: ${name}: ${measured}, must be ${bound}\n`);
  return missed.length === 0;
}

/** Progress, on the error stream: the table alone is the output. */
export function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

export function formatMs(ms: number): string {
  return ms < 100 ? `${ms.toFixed(2)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  const [head, ...body] = rows;
  return [line(head!), line(widths.map(width => '-'.repeat(width))), ...body.map(line)].join('\n');
}
