// Ready results: for a command that was given before, a file with its result and with the checks under which it still holds
// (checks.ts). The launcher finds the file by the command, verifies and restores all by itself (cli/launcher/ready.h), and only
// tells the daemon: a repeated compile waits for nobody. The files are copies: deleting one at any time costs a question.
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Digest } from '../digest.ts';
import { readyFileBytesMax, readyFilesMax } from '../limits.ts';
import type { CompileRequest } from './compile-request.ts';
import {
  bytesParts,
  type Part,
  piecesOf,
  type RestorableResult,
  resultParts,
  sizeOf,
} from './result-parts.ts';

/** What is told of a command that was answered so. */
export interface ReadyResult {
  readonly action: Digest;
  /** Where the command runs. */
  readonly cwd: string;
  /** What the result took to make, in milliseconds. */
  readonly durationMs: number;
  /** The result's blobs, and their size. */
  readonly blobs: readonly Digest[];
  readonly blobBytes: number;
  /** Absolute paths of what is restored. */
  readonly outputs: readonly string[];
}

interface Entry {
  readonly ready: ReadyResult;
  readonly fileBytes: number;
}

const magic = 0x31523250; // "P2R1"

export class ReadyResults {
  readonly #dir: string;
  readonly #bytesMax: number;
  /** Each use re-inserts: the first is the least recently used. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #written = 0;

  /** Begins with nothing: what an earlier daemon left in `dir` is removed. Throws where the folder cannot be made. */
  constructor({ dir, bytesMax }: { readonly dir: string; readonly bytesMax: number }) {
    this.#dir = dir;
    this.#bytesMax = bytesMax;
    this.#empty();
  }

  /** Lays out the result for this very request, as long as the checks hold. What cannot be written is asked for instead. */
  async keep(
    request: CompileRequest,
    checks: readonly Buffer[],
    result: RestorableResult,
    ready: ReadyResult,
  ): Promise<void> {
    const command = commandBytes(request);
    const parts = [...bytesParts(command), ...bytesParts(Buffer.concat(checks)), ...resultParts(result)];
    const fileBytes = sizeOf(parts);
    const name = nameOf(command);
    this.#forget(name);
    if (fileBytes > Math.min(readyFileBytesMax, this.#bytesMax)) return;
    const entry = { ready, fileBytes };
    this.#entries.set(name, entry);
    this.#bytes += fileBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax && this.#entries.size <= readyFilesMax) break;
      this.#forget(oldest);
    }
    try {
      await this.#write(name, entry, parts);
    } catch {
      if (this.#entries.get(name) === entry) this.#forget(name);
    }
  }

  /** What a launcher that names this file is about to restore, or has restored; undefined where it is forgotten already. */
  get(name: string): ReadyResult | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.ready;
  }

  /** From now on every launcher asks: whom the team trusts, or what the person wants, may be something else than before. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
    this.#empty();
  }

  async #write(name: string, entry: Entry, parts: readonly Part[]): Promise<void> {
    const path = `${this.#dir}/${name}`;
    this.#written += 1;
    const temporary = `${path}.${this.#written}`;
    const body = piecesOf([], parts);
    const check = body.reduce((sum, piece) => crc32(piece, sum), 0);
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writev([...piecesOf([magic, check], []), ...body]);
    } finally {
      await file.close();
    }
    // Between the question and the answer nothing else runs: what is forgotten by now is never found again.
    if (this.#entries.get(name) === entry) renameSync(temporary, path);
    else rmSync(temporary, { force: true });
  }

  #forget(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= entry.fileBytes;
    rmSync(`${this.#dir}/${name}`, { force: true });
  }

  /** At once, however much there is. */
  #empty(): void {
    const old = `${this.#dir}.old`;
    rmSync(old, { recursive: true, force: true });
    try {
      renameSync(this.#dir, old);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    void rm(old, { recursive: true, force: true }).catch(() => {}); // the next time, then
  }
}

/** The command as the launcher spells it (put_command in cli/launcher/ready.h). */
function commandBytes(request: CompileRequest): Buffer {
  const { compiler, cwd, argv, stderrIsTerminal, terminalColumns = 0 } = request;
  const terminal = Buffer.alloc(4);
  terminal.writeUInt32LE(((terminalColumns << 16) | (stderrIsTerminal ? 1 : 0)) >>> 0);
  return Buffer.concat([terminal, Buffer.from([compiler, cwd, ...argv].map(text => `${text}\0`).join(''))]);
}

/** The file's name says little more than where to look: the command in it must be the very same. */
function nameOf(command: Buffer): string {
  return `${crc32(command).toString(16).padStart(8, '0')}-${command.byteLength.toString(16)}`;
}
