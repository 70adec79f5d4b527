// Which files a rustc command may write, be it by running or by having its result restored.
import { basename, dirname, normalize } from 'node:path';
import type { CompileCommand } from '../command-line.ts';
import type { RustCommand } from './rust-command.ts';

/** Whether the path (as rustc spells it) is in a folder of the command's outputs and named after its crate. */
export function isRustOutput(path: string, command: CompileCommand): boolean {
  const { outputFolders, stems } = (command as RustCommand).rust;
  if (path.includes('\0')) return false;
  const folder = normalize(dirname(path));
  if (!outputFolders.some(other => normalize(other) === folder)) return false;
  const name = basename(path);
  const names = name.startsWith('lib') ? [name, name.slice('lib'.length)] : [name];
  return stems.some(stem => names.some(own => own === stem || own.startsWith(`${stem}.`)));
}
