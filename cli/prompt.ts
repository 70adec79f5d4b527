// Questions to the person at the terminal; where there is none, nobody is asked.
import { createInterface } from 'node:readline/promises';

/** Whether someone is there to answer. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** The trimmed answer; undefined at the end of input (Ctrl-D). */
export async function askPerson(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<undefined>(resolve => lines.once('close', () => resolve(undefined)));
  try {
    return (await Promise.race([lines.question(question), ended]))?.trim();
  } finally {
    lines.close();
  }
}

/** Whether the person said yes; anything else is no. */
export async function confirm(question: string): Promise<boolean> {
  const answer = await askPerson(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer ?? '');
}

/** All of standard input as one trimmed text, at most `sizeMax` characters. */
export async function readStdin(sizeMax: number): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.length > sizeMax) break;
  }
  return text.trim();
}
