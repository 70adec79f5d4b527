// A compile of the journal as a request again: to see what it would get now, and to make its result once more.
import { dirname } from 'node:path';
import type { JournalRow } from '../src/compile/compile-journal.ts';
import type { CompileRequest } from '../src/compile/compile-request.ts';

/** The request with everything that decided its key; undefined where the journal does not hold that much. The rest of the
 * environment is the daemon's, but for PATH: the programs that ran are found first. */
export function journalledRequest({ account, cwd }: JournalRow): CompileRequest | undefined {
  const own = account?.own;
  if (account === undefined || own === undefined) return undefined;
  const hasColours = account.added.some(argument => argument.includes('color'));
  const programs = account.set.reads.filter(path => /^\/.*\/s?bin\/[^/]+$/.test(path)).map(dirname);
  const path = [...new Set([...programs, ...(process.env.PATH ?? '').split(':')])].join(':');
  const variables: Record<string, string> = { PATH: path, PWD: own.spelledCwd };
  for (const [name, value] of account.environment) if (value !== null) variables[name] = value;
  if (hasColours) variables.TERM = 'xterm';
  return {
    compiler: own.compiler,
    argv: own.argv,
    cwd,
    environment: name => variables[name],
    variables: () => variables,
    stderrIsTerminal: hasColours,
  };
}
