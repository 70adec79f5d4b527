// A Unix socket's path may have no more than 107 bytes, a home folder more. Such a socket is reached through its folder's
// open descriptor instead; the daemon and the commands do it alike.
import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** sun_path of unix(7) holds 108 bytes with the closing zero; some room is left for suffixes. */
const socketPathBytesMax = 100;

export interface SocketAddress {
  /** What to bind or connect to. */
  readonly path: string;
  /** Call once bound or connected. */
  release(): void;
}

/** An address for the socket at `path` that is short enough. Throws as `openSync` does where its folder is not there. */
export function socketAddress(path: string): SocketAddress {
  if (Buffer.byteLength(path) <= socketPathBytesMax) return { path, release: () => {} };
  const folder = openSync(dirname(path), 'r');
  return { path: `/proc/self/fd/${folder}/${basename(path)}`, release: () => closeSync(folder) };
}
