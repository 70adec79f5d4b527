// Puts one file into a worker's copy of a client's files.
import { digestOf } from '../../src/digest.ts';
import type { ClientCopy, OwnFile } from '../../src/farm/client-copy.ts';

/** `own`: where the worker has the same, and jobs are to be shown that. */
export function putFile(copy: ClientCopy, path: string, text: string, own?: OwnFile): void {
  const entry = { kind: 'file', path, digest: digestOf(text), isExecutable: true, modifiedS: 1 } as const;
  copy.apply(
    [entry],
    () => Buffer.from(text),
    () => own,
  );
}
