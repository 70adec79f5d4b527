// The observer's log (cli/launcher/log.h) where no launcher makes it: for jobs of teammates and for probes of a compiler.
import { closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { observerLogBytes } from '../limits.ts';

const magic = 0x31304f5350325032n;
const headerBytes = 32;

/** Makes an empty log for a run that begins in `cwd`, a folder as this machine sees it. */
export function makeObserverLog(file: string, cwd: string): void {
  const { dev, ino } = statSync(cwd, { bigint: true });
  const header = Buffer.alloc(headerBytes);
  [magic, BigInt(headerBytes), dev, ino].forEach((field, i) => {
    header.writeBigUInt64LE(BigInt.asUintN(64, field), 8 * i);
  });
  const fd = openSync(file, 'wx', 0o600);
  try {
    writeSync(fd, header);
    ftruncateSync(fd, observerLogBytes);
  } finally {
    closeSync(fd);
  }
}

/** The used part of a log. */
export function readObserverLog(file: string): Buffer {
  const fd = openSync(file, 'r');
  try {
    const head = Buffer.alloc(headerBytes);
    readSync(fd, head, 0, headerBytes, 0);
    const used = head.readBigUInt64LE(8);
    const size = used > BigInt(observerLogBytes) ? observerLogBytes : Number(used);
    const log = Buffer.alloc(Math.max(size, headerBytes));
    readSync(fd, log, 0, log.length, 0);
    return log;
  } finally {
    closeSync(fd);
  }
}

/** The notes of a log, as kind and path, in order; ends at the first that is torn. */
export function* notesOf(log: Buffer): Generator<{ readonly kind: string; readonly path: string }> {
  for (let at = headerBytes; at < log.length; ) {
    const end = log.indexOf(0, at + 1);
    if (log[at] === 0 || end < 0) return;
    yield { kind: String.fromCharCode(log[at]!), path: log.toString('utf8', at + 1, end) };
    at = end + 1;
  }
}
