// Which files a command may write when its result is restored. A record is a teammate's word for what the outputs are, never
// for where they go: only names that follow from the command itself are written, whoever signed.
import { basename, dirname, normalize } from 'node:path';
import type { CompileCommand } from './command-line.ts';

/**
 * Whether the path (as the compiler spells it) is one that this command can be expected to write: it is named in the
 * arguments, or stands beside the output, the source or in the working folder under a name that starts with theirs
 * (a.o → a.d, a.gcno, a.dwo, a-b.gcda).
 */
export function isExpectedOutput(path: string, command: CompileCommand, cwd: string): boolean {
  if (path.includes('\0')) return false;
  if (path.startsWith(`${cwd}/`) && isExpectedOutput(path.slice(cwd.length + 1), command, cwd)) return true;
  if (command.arguments.some(argument => argument === path || argument.endsWith(`=${path}`))) return true;
  if (command.arguments.some(argument => joinedValues(argument).includes(path))) return true;
  const dumps = command.arguments[command.arguments.indexOf('-dumpdir') + 1];
  if (dumps !== undefined && path.startsWith(dumps) && command.arguments.includes('-dumpdir'))
    return startsLike(path.slice(dumps.length), basename(command.source));
  const names = [command.source, ...(command.output === undefined ? [] : [command.output])];
  const folders = new Set(['.', ...names.map(name => normalize(dirname(name)))]);
  if (!folders.has(normalize(dirname(path)))) return false;
  const name = basename(path);
  return names.some(other => startsLike(name, basename(other)));
}

/** The paths that an option holds: `-oa.o`, `-MFa.d`, `-Wp,-MMD,a.d,-MT,x`, `-Wa,-adhln=a.lst`. */
function joinedValues(argument: string): string[] {
  if (/^-W[pa],/.test(argument)) return argument.split(/[,=]/).slice(1);
  return [argument.replace(/^-(o|MF)/, '')];
}

function startsLike(name: string, other: string): boolean {
  const dot = other.lastIndexOf('.');
  const stem = dot > 0 ? other.slice(0, dot) : other;
  return name.startsWith(stem) && (name.length === stem.length || /^[.\-:]/.test(name.slice(stem.length)));
}
