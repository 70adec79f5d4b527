// What a person sees of the demo: one line a step, moving while it works, and the table at the end.

const isTerminal = process.stdout.isTTY === true;

export class Screen {
  #step = '';

  /** Begins a step; its line stays. */
  begin(step: string): void {
    this.#step = step;
    process.stdout.write(isTerminal ? `  ${step}` : `  ${step} ...\n`);
  }

  /** Progress within the step. */
  progress(done: number, of: number): void {
    if (isTerminal) process.stdout.write(`\r  ${this.#step}  ${done}/${of}`);
    else if (done === of || done % 8 === 0) process.stdout.write(`    ${done}/${of}\n`);
  }

  end(result: string): void {
    process.stdout.write(isTerminal ? `\r\u001b[K  ${this.#step}: ${result}\n` : `    ${result}\n`);
  }
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('   ')}`.trimEnd();
  const [head, ...body] = rows;
  return [line(head!), line(widths.map(width => '-'.repeat(width))), ...body.map(line)].join('\n');
}
