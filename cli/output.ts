// How the commands speak: results to stdout, everything else to stderr; colour only where a person looks.
import { CodedError } from '../src/errors.ts';

const hasColour = (stream: NodeJS.WriteStream) =>
  stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

// `p2pcache team | head -1` closes the pipe early; that is no error.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
});

/** A line of the command's result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));
}

/** News for whoever watches; not part of the result. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** What happened and what to type next. */
export function sayError(error: unknown): void {
  const prefix = paint('p2pcache:', 31, process.stderr);
  if (error instanceof CodedError) {
    say(`${prefix} ${error.message}`);
    if (error.hint !== undefined) say(`  ${error.hint}`);
    return;
  }
  say(`${prefix} ${error instanceof Error ? error.stack : String(error)}`);
  say('  this is a fault in p2pcache itself');
}

export function bold(text: string): string {
  return paint(text, 1, process.stdout);
}

export function dim(text: string): string {
  return paint(text, 2, process.stdout);
}

function paint(text: string, code: number, stream: NodeJS.WriteStream): string {
  return hasColour(stream) ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** Rows in columns as wide as their widest cell, two spaces between. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map(row =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `12.3 MB`; powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let power = 0;
  for (; bytes >= 1000 && power < units.length - 1; power++) bytes /= 1000;
  return `${power === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[power]}`;
}

/** `850 ms`, `12.3 s`, `4 min 5 s`, `3 h 20 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Milliseconds of `90s`, `30m`, `1h`, `7d`; BAD_INPUT otherwise. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text.trim());
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  if (match !== null) return Number(match[1]) * units[match[2]!]!;
  throw new CodedError('BAD_INPUT', `${JSON.stringify(text)} is not a time span`, {
    hint: 'write it as 90s, 30m, 1h or 7d',
  });
}
