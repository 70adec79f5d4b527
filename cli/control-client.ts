// How a command talks to the daemon: one HTTP request over its private socket, the answer a line at a time.
import { readFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AnswerLine, ControlError, Operation, Operations } from '../src/control.ts';
import { socketAddress } from '../src/control-address.ts';
import { CodedError } from '../src/errors.ts';

export interface AskOptions<Op extends Operation> {
  readonly onProgress?: (news: Operations[Op]['progress']) => void;
  readonly signal?: AbortSignal;
  /** Longest silence before the daemon counts as stuck; operations that wait for people pass Infinity. */
  readonly silenceMsMax?: number;
}

const silenceMsMaxDefault = 10_000;

/** Asks the daemon at `socket`. Rejects with the daemon's own coded error, or with UNREACHABLE where none answers. */
export async function askDaemon<Op extends Operation>(
  socket: string,
  operation: Op,
  body: Operations[Op]['request'],
  { onProgress, signal, silenceMsMax = silenceMsMaxDefault }: AskOptions<Op> = {},
): Promise<Operations[Op]['result']> {
  const asked = send(socket, operation, body, signal);
  if (Number.isFinite(silenceMsMax)) {
    asked.setTimeout(silenceMsMax, () => asked.destroy(stuck(socket, silenceMsMax)));
  }
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.on('response', resolve);
      asked.on('error', reject);
    });
    asked.on('error', error => response.destroy(error));
    for await (const text of createInterface({ input: response })) {
      const line = JSON.parse(text) as AnswerLine<Op>;
      if ('result' in line) return line.result;
      if ('error' in line) throw errorOf(line.error);
      onProgress?.(line.progress);
    }
    throw new CodedError('UNREACHABLE', 'the daemon ended before it answered', {
      hint: 'see: p2pcache status',
    });
  } catch (error) {
    throw explain(error, signal);
  } finally {
    asked.destroy();
  }
}

/** Whether a daemon answers at `socket`. A daemon that hangs rejects with UNREACHABLE. */
export async function isDaemonThere(socket: string): Promise<boolean> {
  try {
    await askDaemon(socket, 'status', {});
    return true;
  } catch (error) {
    if (isNobodyThere(error)) return false;
    throw error;
  }
}

/** Whether the error says that no daemon runs, as opposed to one that fails. */
export function isNobodyThere(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

function send(socket: string, operation: Operation, body: unknown, signal?: AbortSignal): ClientRequest {
  let address: ReturnType<typeof socketAddress>;
  try {
    address = socketAddress(socket);
  } catch (error) {
    throw explain(error);
  }
  const options = { socketPath: address.path, method: 'POST', path: `/${operation}`, agent: false as const };
  const asked = request({ ...options, ...(signal === undefined ? {} : { signal }) });
  asked.on('socket', connection => {
    connection.once('connect', address.release);
    connection.once('error', address.release);
  });
  asked.end(JSON.stringify(body));
  return asked;
}

/** The daemon's error, as one of this process. */
export function errorOf({ code, message, hint }: ControlError): CodedError {
  return new CodedError(code, message, hint === undefined ? {} : { hint });
}

function stuck(socket: string, silenceMsMax: number): CodedError {
  return new CodedError('UNREACHABLE', `the daemon has not answered for ${silenceMsMax / 1000} s`, {
    hint: `end it, the next command starts another: kill -9 ${readPid(socket) ?? '<its process>'}`,
  });
}

/** What the daemon wrote beside its socket (src/control-paths.ts). */
function readPid(socket: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dirname(socket), 'daemon.pid'), 'utf8'));
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function explain(error: unknown, signal?: AbortSignal): unknown {
  if (error instanceof CodedError) return error;
  if (signal?.aborted) return new CodedError('CANCELLED', 'stopped waiting');
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new CodedError('UNREACHABLE', 'no daemon is running', {
      hint: 'it starts with the next command that needs it',
      cause: error,
    });
  }
  return new CodedError('UNREACHABLE', `cannot talk to the daemon: ${(error as Error).message}`, {
    hint: 'see: p2pcache status',
    cause: error,
  });
}
