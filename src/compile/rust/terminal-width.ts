// The width that rustc shapes its diagnostics for: cargo gives the one of its terminal, and without one given rustc asks the
// controlling terminal, wherever its diagnostics go. Diagnostics whose lines are short are the same at any usual width, so the
// width is no part of the key; it is asked for, like a variable of the environment, by results that show it.
import type { Environment } from '../input-manifest.ts';
import type { RustCommand } from './rust-command.ts';

/** Names that no real variable has. */
const isUsual = 'terminal=usual';
const columns = 'terminal=columns';

/** From this width on, lines of at most `shortColumns` are left as they are. */
const usualColumns = 80;
const shortColumns = 70;

/** What rustc assumes where there is no terminal. */
const columnsDefault = 140;

/** The value of one of the two names; undefined for others. */
export function terminalVariable(
  name: string,
  { arguments: args }: RustCommand,
  { terminalColumns }: { readonly terminalColumns?: number },
): string | undefined {
  if (name !== isUsual && name !== columns) return undefined;
  const option = '--diagnostic-width';
  const given = args.find(argument => argument.startsWith(`${option}=`))?.slice(option.length + 1);
  const width =
    given ?? args[args.indexOf(option) + 1 || args.length] ?? `${terminalColumns || columnsDefault}`;
  return name === columns ? width : String(Number(width) >= usualColumns);
}

/** Which of the names a result with these diagnostics depends on. */
export function terminalVariablesOf(stderr: Buffer, environment: Environment): string[] {
  const lines = stderr
    .toString()
    .split('\n')
    .flatMap(line => rendered(line).split('\n'));
  const widest = lines.reduce((width, line) => Math.max(width, withoutColours(line).length), 0);
  if (widest === 0) return [];
  return widest > shortColumns || environment(isUsual) !== 'true' ? [isUsual, columns] : [isUsual];
}

/** What a line of rustc's JSON shows to people; other lines as they are. */
function rendered(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const message = JSON.parse(line);
    return typeof message.rendered === 'string' ? message.rendered : '';
  } catch {
    return line;
  }
}

function withoutColours(line: string): string {
  return line.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g'), '');
}
