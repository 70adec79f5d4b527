// Which compiles are not for others to run, by their command and environment alone.
import type { CompileTicket } from '../compile/compile-request.ts';
import type { RustCommand } from '../compile/rust/rust-command.ts';

/** Text messages of compilers are looked up in files that libc reads unseen: only these languages need none. */
const plainLocale = /^(C|POSIX|C\.utf-?8|en_[A-Z]{2}(\.utf-?8)?)$/i;

/** The named reason, or undefined. */
export function reasonToStay({
  request: { environment },
  identity: { family, command },
}: Pick<CompileTicket, 'request' | 'identity'>): string | undefined {
  if (family === 'rustc' && (command as RustCommand).rust.links) return 'links';
  if (command.usesNativeCpu) return 'native-cpu';
  if (command.arguments.some(argument => argument.startsWith('@'))) return 'response-file';
  const locale = environment('LC_ALL') || environment('LC_MESSAGES') || environment('LANG') || 'C';
  return environment('LANGUAGE') || !plainLocale.test(locale) ? 'locale' : undefined;
}
