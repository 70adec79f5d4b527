// Where launchers ask: a Unix socket, one connection a command, answered by the compile front.
import { closeSync, openSync, readSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { CompileFront } from '../../src/compile/compile-front.ts';
import type {
  CompileReply,
  CompileRequest,
  CompileRun,
  CompileTicket,
} from '../../src/compile/compile-request.ts';
import { FileSystemView } from './file-system-view.ts';
import {
  doneReply,
  FrameReader,
  type LauncherCompile,
  type LauncherReport,
  readRequest,
  resultReply,
  runObservedReply,
  runPlainReply,
  waitReply,
} from './launcher-protocol.ts';

export interface LauncherSocketParts {
  readonly front: CompileFront;
  /** The compiled observer library (cli/launcher/observer.c). */
  readonly observerPath: () => string | undefined;
  /** Something that is no launcher spoke to the socket. */
  readonly onRefused: (reason: string) => void;
  readonly onFallback: (reason: string, error: unknown) => void;
}

const logBytesMax = 8 * 1024 * 1024;
const logHeaderBytes = 32;
/** Well within any launcher's time limit, and seldom enough to cost nothing. */
const waitEveryMs = 500;

/** Tells all launchers that wait that this machine lives, in one go: to wake up for each of them costs more than telling it. */
class WaitingLaunchers {
  readonly #sockets = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;

  /** The returned function tells that the launcher has its answer. */
  add(socket: Socket): () => void {
    this.#sockets.add(socket);
    socket.write(waitReply);
    this.#timer ??= setInterval(() => {
      for (const each of this.#sockets) each.write(waitReply);
    }, waitEveryMs);
    return () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }
}

/** A server that is yet to listen; `socketPath` names the folder in which launchers make their logs. */
export function launcherServer(parts: LauncherSocketParts, socketPath: string): Server {
  const shared = {
    runDir: dirname(socketPath),
    view: new FileSystemView(),
    environments: new Environments(),
    waiting: new WaitingLaunchers(),
  };
  return createServer(socket => {
    const session = new LauncherSession({ ...parts, ...shared }, socket);
    socket.on('data', chunk => session.take(chunk));
    socket.on('end', () => session.close());
    socket.on('error', () => socket.destroy()); // the launcher went away: its compiler runs without us
    socket.on('close', () => session.gone());
  });
}

interface SessionParts extends LauncherSocketParts {
  readonly runDir: string;
  readonly view: FileSystemView;
  readonly environments: Environments;
  readonly waiting: WaitingLaunchers;
}

class LauncherSession {
  readonly #parts: SessionParts;
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  #ticket: CompileTicket | undefined;
  #taken: (() => void) | undefined;
  /** What must be told once the launcher is gone: the farm's job to cancel, the compiler that ended. */
  #onGone = (_isWhole: boolean) => {};

  constructor(parts: SessionParts, socket: Socket) {
    this.#parts = parts;
    this.#socket = socket;
  }

  take(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) {
        const request = readRequest(frame);
        if (request.kind === 'compile') void this.#compile(request);
        else if (request.kind === 'report') this.#report(request);
        else this.#decline();
      }
    } catch {
      this.#parts.onRefused('launcher-garbage');
      this.#socket.destroy();
    }
  }

  async #compile(request: LauncherCompile): Promise<void> {
    try {
      const { front, view, environments, onFallback } = this.#parts;
      const observer = this.#parts.observerPath();
      if (observer === undefined || !view.isSeenBy(request)) {
        onFallback(observer === undefined ? 'no-observer' : 'other-file-system', undefined);
        this.#socket.end(runPlainReply);
        return;
      }
      this.#answer(await front.begin({ ...request, ...environments.of(request.environment) }), observer);
    } catch (error) {
      this.#parts.onFallback('daemon-error', error);
      this.#socket.end(runPlainReply);
    }
  }

  #answer(reply: CompileReply, observer: string): void {
    if (reply.kind === 'wait') {
      void this.#keepWaiting(reply, observer);
    } else if (reply.kind === 'run-observed') {
      this.#ticket = reply.ticket;
      this.#onGone = reply.ended;
      if (this.#socket.destroyed) this.gone();
      this.#socket.write(runObservedReply(observer, reply.rival !== undefined, reply.added));
      void this.#race(reply, observer);
    } else if (reply.kind === 'run-plain') {
      this.#socket.end(runPlainReply);
    } else {
      this.#taken = reply.taken; // once the launcher hangs up without a word
      this.#socket.cork();
      for (const piece of resultReply(reply)) this.#socket.write(piece);
      this.#socket.uncork();
    }
  }

  /** A teammate is at the same: its result is offered to the launcher as long as that has not reported. */
  async #race({ ticket, rival }: CompileRun, observer: string): Promise<void> {
    try {
      const result = await rival;
      if (result !== undefined && this.#ticket === ticket && !this.#socket.destroyed)
        this.#answer(result, observer);
    } catch (error) {
      this.#parts.onFallback('daemon-error', error); // the compiler runs
    }
  }

  /** What stands where the result goes, or the disk, or a stream, was not as it should be: the compiler sees to it. */
  #decline(): void {
    this.#taken = undefined;
    this.#parts.onFallback('not-restored', undefined);
  }

  async #keepWaiting(
    { reply, cancel }: Extract<CompileReply, { kind: 'wait' }>,
    observer: string,
  ): Promise<void> {
    this.#onGone = cancel;
    const answered = this.#parts.waiting.add(this.#socket);
    try {
      this.#answer(await reply, observer);
    } catch (error) {
      this.#parts.onFallback('daemon-error', error);
      this.#socket.end(runPlainReply);
    } finally {
      answered();
    }
  }

  /** The connection is over, whoever ended it; or the compiler is, and has done all of its work. */
  gone(isWhole = false): void {
    const onGone = this.#onGone;
    this.#onGone = () => {};
    onGone(isWhole);
  }

  /** The launcher hung up. */
  close(): void {
    this.#taken?.();
    this.#socket.destroy(); // nobody hears an answer any more
  }

  #report(report: LauncherReport): void {
    const ticket = this.#ticket;
    this.#ticket = undefined;
    this.#taken = undefined; // what a teammate made of it came too late
    if (ticket === undefined) throw new RangeError('a report without a request');
    this.gone(true);
    let putAway = () => {};
    try {
      const log = readLog(report.logPath, this.#parts.runDir);
      const startedAtMs = Number(report.startedAtUs) / 1000;
      const durationMs = Number(report.tookUs) / 1000;
      putAway = this.#parts.front.finish(ticket, { ...report, startedAtMs, durationMs, log });
    } catch (error) {
      this.#parts.onFallback('report', error);
    }
    this.#socket.end(doneReply); // the outputs are read: the build may go on and change them
    try {
      putAway();
    } catch (error) {
      this.#parts.onFallback('report', error);
    }
  }
}

type Environment = Pick<CompileRequest, 'environment' | 'variables'>;

/** Environments as they come; that of the last command is kept, for the next one of a build has the same. */
class Environments {
  #last: { readonly block: string; readonly environment: Environment } | undefined;

  of(block: string): Environment {
    if (this.#last?.block !== block) this.#last = { block, environment: environmentOf(block) };
    return this.#last.environment;
  }
}

function environmentOf(block: string): Environment {
  const all = new Map<string, string>();
  for (const entry of block.split('\0')) {
    const equals = entry.indexOf('=');
    const name = entry.slice(0, equals);
    if (equals > 0 && !all.has(name)) all.set(name, entry.slice(equals + 1)); // as getenv(3): the first counts
  }
  return { environment: name => all.get(name), variables: () => Object.fromEntries(all) };
}

/** The used part of a log that a launcher made in the run folder; other paths are refused. */
function readLog(path: string, runDir: string): Buffer {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!/^observed-[A-Za-z0-9]{6}$/.test(name)) throw new RangeError('not a log of a launcher');
  const file = openSync(`${runDir}/${name}`, 'r');
  try {
    const head = Buffer.alloc(logHeaderBytes);
    readSync(file, head, 0, logHeaderBytes, 0);
    const used = Number(head.readBigUInt64LE(8));
    const log = Buffer.alloc(Math.min(Math.max(used, logHeaderBytes), logBytesMax));
    readSync(file, log, 0, log.length, 0);
    return log;
  } finally {
    closeSync(file);
  }
}
