// The frames between the launcher (cli/launcher/launcher.c) and the daemon, on a Unix socket of the same machine.
// Little-endian; every frame is a magic number, a length and that many bytes; strings are a length and bytes.
//
// One connection carries one command: a compile request, its reply, and, where the reply was to run the command under
// observation, the report and its acknowledgement. Where a teammate is at it as well, its result may come before the report:
// the launcher either restores it and hangs up, or goes on and reports, and then the result was for nothing.
// Goals: one round trip for a hit; a C program without libraries can speak it. Non-goals: versions side by side (the
// launcher is built from the same checkout), security beyond the socket's own permissions.
import {
  type Part,
  piecesOf,
  type RestorableResult,
  resultParts,
  sizeOf,
  textParts,
} from '../../src/compile/result-parts.ts';

export const frameMagic = 0x31433250;
/** Largest frame taken from a launcher: arguments and environment, or a report with both streams kept. */
export const requestBytesMax = 16 * 1024 * 1024;
const argumentsMax = 100_000;

export interface LauncherView {
  readonly pid: number;
  readonly mountNamespace: bigint;
  readonly rootInode: bigint;
  readonly cwdInode: bigint;
}

export interface LauncherCompile {
  readonly kind: 'compile';
  readonly stderrIsTerminal: boolean;
  /** Of the controlling terminal; 0 where there is none, or the compiler does not ask. */
  readonly terminalColumns: number;
  /** What the launcher sees of the file system; the daemon must see the same. */
  readonly view: LauncherView;
  readonly compiler: string;
  readonly cwd: string;
  readonly argv: readonly string[];
  /** `NAME=value`, each ended by a NUL. */
  readonly environment: string;
}

/** The result could not be restored: the compiler runs. */
export interface LauncherRefusal {
  readonly kind: 'declined';
}

export interface LauncherReport {
  readonly kind: 'report';
  /** As from wait(2). */
  readonly status: number;
  readonly startedAtUs: bigint;
  readonly tookUs: bigint;
  readonly logPath: string;
  readonly stdout: Buffer | undefined;
  readonly stderr: Buffer | undefined;
}

/** Takes whole frames out of a stream of bytes. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /** The frames that are whole now. Throws on a wrong magic number or an oversized frame. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: Buffer[] = [];
    while (this.#size >= 8) {
      const head = this.#chunks[0]!.length >= 8 ? this.#chunks[0]! : this.#join();
      if (head.readUInt32LE(0) !== frameMagic) throw new RangeError('not a launcher frame');
      const size = head.readUInt32LE(4);
      if (size > requestBytesMax) throw new RangeError('oversized launcher frame');
      if (this.#size < 8 + size) break;
      const all = this.#join();
      frames.push(all.subarray(8, 8 + size));
      this.#chunks = [all.subarray(8 + size)];
      this.#size -= 8 + size;
    }
    return frames;
  }

  #join(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }
}

/** Throws RangeError on anything malformed. */
export function readRequest(frame: Buffer): LauncherCompile | LauncherReport | LauncherRefusal {
  const fields = new FieldReader(frame);
  const type = fields.u32();
  const request = type === 1 ? readCompile(fields) : type === 2 ? readReport(fields) : refusals[type];
  if (request === undefined || !fields.isAtEnd()) throw new RangeError('malformed launcher frame');
  return request;
}

const refusals: Readonly<Record<number, LauncherRefusal>> = { 4: { kind: 'declined' } };

function readCompile(fields: FieldReader): LauncherCompile {
  const flags = fields.u32();
  const view = {
    pid: fields.u32(),
    mountNamespace: fields.u64(),
    rootInode: fields.u64(),
    cwdInode: fields.u64(),
  };
  const compiler = fields.string();
  const cwd = fields.string();
  const count = fields.u32();
  if (count > argumentsMax) throw new RangeError('too many arguments');
  const argv = Array.from({ length: count }, () => fields.string());
  return {
    kind: 'compile',
    stderrIsTerminal: (flags & 1) !== 0,
    terminalColumns: flags >>> 16,
    view,
    compiler,
    cwd,
    argv,
    environment: fields.string(),
  };
}

function readReport(fields: FieldReader): LauncherReport {
  const status = fields.u32();
  const startedAtUs = fields.u64();
  const tookUs = fields.u64();
  const logPath = fields.string();
  const stream = () => {
    const isCut = fields.u32() !== 0;
    const bytes = fields.bytes();
    return isCut ? undefined : Buffer.from(bytes);
  };
  const stdout = stream();
  return { kind: 'report', status, startedAtUs, tookUs, logPath, stdout, stderr: stream() };
}

class FieldReader {
  readonly #frame: Buffer;
  #at = 0;

  constructor(frame: Buffer) {
    this.#frame = frame;
  }

  u32(): number {
    this.#at += 4;
    return this.#frame.readUInt32LE(this.#at - 4);
  }

  u64(): bigint {
    this.#at += 8;
    return this.#frame.readBigUInt64LE(this.#at - 8);
  }

  bytes(): Buffer {
    const size = this.u32();
    if (size > this.#frame.length - this.#at) throw new RangeError('malformed launcher frame');
    this.#at += size;
    return this.#frame.subarray(this.#at - size, this.#at);
  }

  string(): string {
    return this.bytes().toString();
  }

  isAtEnd(): boolean {
    return this.#at === this.#frame.length;
  }
}

const replyKinds = { 'run-plain': 0, result: 1, 'run-observed': 2, done: 3, wait: 4 } as const;

function frame(parts: readonly Part[]): Buffer {
  return Buffer.concat(framePieces(parts));
}

function framePieces(parts: readonly Part[]): Uint8Array[] {
  return piecesOf([frameMagic, sizeOf(parts)], parts);
}

export const runPlainReply: Buffer = frame([replyKinds['run-plain']]);
export const doneReply: Buffer = frame([replyKinds.done]);
/** More is to come: the launcher's time limit starts anew. */
export const waitReply: Buffer = frame([replyKinds.wait]);

/** `isRaced`: a result may follow while the compiler runs. */
export function runObservedReply(observerPath: string, isRaced: boolean, added: readonly string[]): Buffer {
  const parts = [...textParts(observerPath), isRaced ? 1 : 0, added.length, ...added.flatMap(textParts)];
  return frame([replyKinds['run-observed'], ...parts]);
}

/** In pieces, to be written one after the other. */
export function resultReply(result: RestorableResult): Uint8Array[] {
  return framePieces([replyKinds.result, ...resultParts(result)]);
}
