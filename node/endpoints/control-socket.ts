// The socket on which the commands talk to the daemon: HTTP over a Unix socket that only this user can open, one operation
// per request (see src/control.ts for what is said). Non-goals: remote use, browsers; hence no authentication beyond the
// file's mode, and no keep-alive tuning.
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ControlError, Operation, Operations } from '../../src/control.ts';
import { CodedError, type ErrorCode } from '../../src/errors.ts';
import { controlBodyBytesMax } from '../../src/limits.ts';
import { listenPrivately } from '../system/private-socket.ts';

export interface OperationContext<Op extends Operation> {
  /** Aborted when whoever asked has gone. */
  readonly signal: AbortSignal;
  progress(news: Operations[Op]['progress']): void;
}

/** What the daemon does for each operation. The request is JSON from outside: an object, its fields not checked yet. */
export type OperationHandlers = {
  readonly [Op in Operation]: (
    request: Record<string, unknown>,
    context: OperationContext<Op>,
  ) => Promise<Operations[Op]['result']>;
};

export interface ControlSocket {
  close(): Promise<void>;
}

/** Serves `handlers` at `path`, in place of whatever a daemon that was killed left there; the caller holds the daemon's
 * lock. `onRefused` hears of every request that made no sense, `onBug` of every error that has no code. */
export async function serveControlSocket(
  path: string,
  handlers: OperationHandlers,
  { onRefused, onBug }: { onRefused(reason: string): void; onBug(error: unknown): void },
): Promise<ControlSocket> {
  const server = createServer((request, response) => {
    response.setHeader('Connection', 'close');
    answer(request, response, handlers).catch(error => {
      if (error instanceof CodedError && error.code === 'REFUSED') onRefused('control-request');
      else if (!(error instanceof CodedError)) onBug(error);
      sendError(response, error);
    });
  });
  server.on('clientError', (_error, socket) => {
    onRefused('control-garbage');
    const answer = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
    if (socket.writable) socket.end(answer, () => socket.destroy());
    else socket.destroy();
  });
  // A join can wait for hours; a request that does not arrive whole may not.
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  server.maxConnections = 64;
  await listenPrivately(server, path);
  return { close: () => close(server, path) };
}

function close(server: Server, path: string): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
    rmSync(path, { force: true });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: OperationHandlers,
): Promise<void> {
  const operation = (request.url ?? '').slice(1);
  if (request.method !== 'POST' || !Object.hasOwn(handlers, operation)) {
    throw new CodedError('REFUSED', `no such operation: ${request.method} ${request.url}`);
  }
  const body = await readBody(request);
  const gone = new AbortController();
  response.on('close', () => gone.abort(new CodedError('CANCELLED', 'whoever asked has gone')));
  const handler = handlers[operation as 'knock'];
  const result = await handler(body, {
    signal: gone.signal,
    progress: progress => response.write(`${JSON.stringify({ progress })}\n`),
  });
  response.end(`${JSON.stringify({ result })}\n`);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > controlBodyBytesMax) throw new CodedError('REFUSED', 'the request is too large');
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = sizeBytes === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new CodedError('REFUSED', 'the request is not JSON');
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>;
  throw new CodedError('REFUSED', 'the request is not a JSON object');
}

function sendError(response: ServerResponse, thrown: unknown): void {
  const known = thrown instanceof CodedError ? thrown : undefined;
  const error: ControlError = {
    code: known?.code ?? 'INTERNAL',
    message:
      known?.message ?? `the daemon failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
  };
  if (!response.headersSent) response.statusCode = httpStatus(error.code);
  response.end(`${JSON.stringify({ error })}\n`);
}

function httpStatus(code: ErrorCode): number {
  if (code === 'INTERNAL') return 500;
  return code === 'REFUSED' || code === 'BAD_INPUT' ? 400 : 409;
}
