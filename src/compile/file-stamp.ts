// Stamps: a file's attributes as text, as the observer notes them (cli/launcher/observer.c). Equal stamps mean the same bytes:
// the kernel sets the change time, and the observer leaves it out where a later change could have the same one.
import { type BigIntStats, statSync } from 'node:fs';

/** Whether what was read is what is at this absolute path now. */
export function isAsRead(path: string, stamp: string): boolean {
  return stampOf(statSync(path, { bigint: true, throwIfNoEntry: false })) === stamp;
}

/** Whether what was written is at this absolute path: the change time may be later (it was renamed). */
export function isAsWritten(path: string, stamp: string): boolean {
  const now = stampOf(statSync(path, { bigint: true, throwIfNoEntry: false }));
  return now !== undefined && withoutChange(now) === withoutChange(stamp);
}

/** The time of change in whole seconds since 1970; undefined where it is none. */
export function modifiedS(stamp: string): bigint | undefined {
  const modified = stamp.split(',')[3];
  return modified === undefined || !/^[0-9a-f]+$/.test(modified)
    ? undefined
    : BigInt(`0x${modified}`) / 1_000_000_000n;
}

/** The stamp of what has these attributes; undefined where nothing is. */
export function stampOf(stats: BigIntStats): string;
export function stampOf(stats: BigIntStats | undefined): string | undefined;
export function stampOf(stats: BigIntStats | undefined): string | undefined {
  if (stats === undefined) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return [dev, ino, size, mtimeNs, ctimeNs].map(value => BigInt.asUintN(64, value).toString(16)).join(',');
}

function withoutChange(stamp: string): string {
  return stamp.slice(0, stamp.lastIndexOf(','));
}
