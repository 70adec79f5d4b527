// Where this machine listens. Port 0 means any free port, but the same one as last time if it can be had: teammates remember
// addresses, and so find each other again even after all of them were off at once.
import { createServer } from 'node:net';
import { CodedError } from '../src/errors.ts';
import { readKept, writeKept } from './system/kept-file.ts';

interface Listening {
  listenAddresses(): readonly string[];
}

/** Starts with the port of last time in place of 0, or with any free one where that is taken by now. */
export async function startOnLastPort<T extends Listening>(
  file: string,
  listen: readonly string[],
  start: (listen: readonly string[]) => Promise<T>,
): Promise<T> {
  const last = await readKept(file);
  const isPort = Number.isInteger(last) && (last as number) > 0 && (last as number) < 65_536;
  const wanted = isPort ? listen.map(address => withPort(address, last as number)) : listen;
  let started: T;
  try {
    started = await start(wanted);
  } catch (error) {
    const isTaken = error instanceof CodedError && error.code === 'PORT_TAKEN';
    if (!isTaken || wanted.every((address, i) => address === listen[i])) throw error;
    started = await start(listen);
  }
  const [port] = started.listenAddresses().map(portOf);
  if (port !== undefined && port !== last) await writeKept(file, port);
  return started;
}

/** PORT_TAKEN where one of these cannot be listened on now: asked before an invite is spent on joining. */
export async function requireFreePorts(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const host = /^\/ip[46]\/([^/]+)/.exec(address)?.[1] ?? /^\[?([^\]/]+)\]?:\d+$/.exec(address)?.[1];
    const port = portOf(address);
    if (host === undefined || port === undefined || port === 0) continue;
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port }, resolve);
      });
    } catch (error) {
      throw new CodedError('PORT_TAKEN', `cannot listen on ${address}: ${(error as Error).message}`, {
        hint: 'set another port, or 0 for any free one: listen and door_listen in config.toml',
        cause: error,
      });
    } finally {
      server.close();
    }
  }
}

/** The port of `host:port` or of a multiaddr. */
function portOf(address: string): number | undefined {
  const [, port] = /(?:\/tcp\/|:)(\d+)(?:\/|$)/.exec(address) ?? [];
  return port === undefined ? undefined : Number(port);
}

function withPort(address: string, port: number): string {
  return portOf(address) === 0 ? address.replace(/(\/tcp\/|:)0(?=\/|$)/, `$1${port}`) : address;
}
