// A listening Unix socket that only this user can open, in place of whatever a daemon that was killed left at its path.
import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { socketAddress } from '../../src/control-address.ts';
import { CodedError } from '../../src/errors.ts';

/** Has `server` listen at `path`; the caller holds the daemon's lock. Rejects with STORAGE where the folder does not let it. */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  try {
    rmSync(path, { force: true });
    const address = socketAddress(path);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address.path, resolve);
    }).finally(() => address.release());
    chmodSync(path, 0o600);
  } catch (error) {
    throw new CodedError('STORAGE', `cannot listen at ${path}: ${(error as Error).message}`, {
      hint: 'make its folder yours and writable, or set P2PCACHE_HOME to another one',
      cause: error,
    });
  }
}
