// The port of last time is taken again where it can be, and any other where it cannot.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { requireFreePorts, startOnLastPort } from '../../node/listen-ports.ts';
import { CodedError } from '../../src/errors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Listens on what it is told; on port 0 it gets 4100 and up. */
function starter(taken: readonly number[] = []) {
  const told: (readonly string[])[] = [];
  let next = 4100;
  const start = async (listen: readonly string[]) => {
    told.push(listen);
    const ports = listen.map(address => Number(/(\d+)$/.exec(address)![1]) || next++);
    if (ports.some(port => taken.includes(port))) throw new CodedError('PORT_TAKEN', 'taken');
    return { listenAddresses: () => ports.map(port => `/ip4/127.0.0.1/tcp/${port}/p2p/12D3`) };
  };
  return { told, start };
}

test('port 0 is a free one the first time and the same one from then on', async () => {
  const file = join(await temporaryFolder(), 'port.json');
  const { told, start } = starter();
  await startOnLastPort(file, ['127.0.0.1:0'], start);
  await startOnLastPort(file, ['127.0.0.1:0', '/ip4/10.0.0.1/tcp/0', '[::1]:4777'], start);
  expect(told).toEqual([['127.0.0.1:0'], ['127.0.0.1:4100', '/ip4/10.0.0.1/tcp/4100', '[::1]:4777']]);
});

test('a port that someone else has by now is given up', async () => {
  const file = join(await temporaryFolder(), 'port.json');
  await startOnLastPort(file, ['127.0.0.1:0'], starter().start);
  const { told, start } = starter([4100]);
  await expect(startOnLastPort(file, ['127.0.0.1:0'], start)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  expect(told).toEqual([['127.0.0.1:4100'], ['127.0.0.1:0']]);
});

test('a port that the person chose is not given up', async () => {
  const file = join(await temporaryFolder(), 'port.json');
  const { told, start } = starter([4777]);
  await expect(startOnLastPort(file, ['127.0.0.1:4777'], start)).rejects.toMatchObject({
    code: 'PORT_TAKEN',
  });
  expect(told).toHaveLength(1);
});

test('a taken port is told before anything is begun', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  for (const address of [`127.0.0.1:${port}`, `/ip4/127.0.0.1/tcp/${port}`]) {
    await expect(requireFreePorts([address])).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(String(port)),
    });
  }
  await requireFreePorts(['127.0.0.1:0', '/ip4/127.0.0.1/tcp/0']);
});
