// Where launchers tell of commands that they answered by themselves (src/compile/ready-results.ts): a named pipe, of which the
// kernel knows whether anybody reads it. Fixed-size records, little-endian: a magic number, what happened, and the name of the
// file (cli/launcher/ready.h writes them). Goals: to cost a build nothing. Non-goals: a pipe that is full loses nothing but speed, since
// its launcher then asks.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync } from 'node:fs';
import { CodedError } from '../../src/errors.ts';

export interface ReadyHit {
  /** `restores`: told before the first byte is written; `restored`: after the last. */
  readonly kind: 'restores' | 'restored';
  readonly name: string;
}

const magic = 0x31483250; // "P2H1"
const recordBytes = 32;
const kinds: Readonly<Record<number, ReadyHit['kind']>> = { 1: 'restores', 2: 'restored' };
/** As much as a pipe holds. */
const readBytes = 64 * 1024;
/** To wake up for each of a build's hits would cost more than all that is done for it: whoever needs to know hears first. */
const hearEveryMs = 500;
/** While nobody builds. The pipe then takes the first thousand hits of a build. */
const hearIdleMs = 2_000;

export class ReadyHits {
  readonly #path: string;
  readonly #fd: number;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  readonly #chunk = Buffer.alloc(readBytes);
  #listener: (hit: ReadyHit) => void = () => {};

  /** Makes the pipe at `path` anew, and hears at least every `everyMs` while something is told. Throws STORAGE where that cannot be. */
  constructor(path: string, everyMs = hearEveryMs) {
    this.#path = path;
    this.#everyMs = everyMs;
    try {
      rmSync(path, { force: true });
      execFileSync('mkfifo', ['-m', '600', path], { stdio: 'ignore' });
      // Open for writing as well: it is never at its end.
      this.#fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    } catch (error) {
      throw new CodedError('STORAGE', `cannot make the pipe ${path}: ${(error as Error).message}`, {
        hint: 'make its folder yours and writable, or set P2PCACHE_HOME to another one',
        cause: error,
      });
    }
    this.#hearLater(everyMs);
  }

  /** From now on `listener` hears of every hit. */
  listen(listener: (hit: ReadyHit) => void): void {
    this.#listener = listener;
  }

  /** Hears now what has been told so far; returns whether that was anything. */
  hear(): boolean {
    const chunk = this.#chunk;
    let hasHeard = false;
    for (;;) {
      let bytes = 0;
      try {
        bytes = readSync(this.#fd, chunk, 0, readBytes, null);
      } catch {
        return hasHeard; // EAGAIN: nothing more
      }
      if (bytes === 0) return hasHeard;
      hasHeard = true;
      this.#take(chunk.subarray(0, bytes));
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    rmSync(this.#path, { force: true });
    closeSync(this.#fd);
  }

  #hearLater(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#hearLater(this.hear() ? this.#everyMs : Math.max(this.#everyMs, hearIdleMs));
    }, ms).unref();
  }

  /** Records are written as a whole each, so they are read so; what is none is passed over. */
  #take(chunk: Buffer): void {
    for (let at = 0; at + recordBytes <= chunk.byteLength; at += recordBytes) {
      const kind = chunk.readUInt32LE(at) === magic ? kinds[chunk.readUInt32LE(at + 4)] : undefined;
      const name = chunk.toString('latin1', at + 8, at + recordBytes).replace(/\0.*/s, '');
      if (kind !== undefined) this.#listener({ kind, name });
    }
  }
}
