// What went wrong with a disk, as an error that a person can act on.
import { CodedError } from '../errors.ts';

const hints: Readonly<Record<string, { readonly what: string; readonly hint: string }>> = {
  ENOSPC: { what: 'the disk is full', hint: 'free some space, or lower the store’s size limit' },
  EDQUOT: { what: 'the disk quota is used up', hint: 'free some space, or lower the store’s size limit' },
  EACCES: { what: 'no permission', hint: 'make the folder yours and writable, or set another one' },
  EPERM: { what: 'no permission', hint: 'make the folder yours and writable, or set another one' },
  EROFS: { what: 'the file system is read-only', hint: 'set a folder on a writable file system' },
  ENOTDIR: {
    what: 'a file stands where a folder is needed',
    hint: 'move that file away, or set another folder',
  },
  EMFILE: { what: 'too many open files', hint: 'raise the limit with `ulimit -n`' },
};

/** The STORAGE error for a failed file operation on `path`; a CodedError passes unchanged. */
export function storageError(cause: unknown, path: string): CodedError {
  if (cause instanceof CodedError) return cause;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  const known = hints[code];
  const what = known?.what ?? (cause instanceof Error ? cause.message : String(cause));
  const hint = known?.hint ?? 'check the disk and the folder, or set another one';
  return new CodedError('STORAGE', `cannot store in ${path}: ${what}`, { hint, cause });
}
