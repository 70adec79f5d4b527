// Whom toolchains are sent ahead to: everyone who lends, once for each connection.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { ToolchainsAhead } from '../../src/farm/toolchains-ahead.ts';
import { a, b, offering } from '../support/dispatcher-rig.ts';

test('workers of now and later are told of every toolchain, each once for a connection', () => {
  const told: unknown[] = [];
  let workers = [offering(a, 1)];
  let change = () => {};
  const [c, cxx] = [digestOf('gcc'), digestOf('g++')];
  const ahead = new ToolchainsAhead({
    network: {
      prepare: (member, { epoch, toolchain }) => void told.push([member, epoch, toolchain]),
      onChange: callback => {
        change = callback;
        return () => {
          change = () => {};
        };
      },
    },
    dispatcher: { workers: () => workers },
    epochAt: ({ session }) => session,
    bytesOf: () => undefined,
  });
  const toldNow = () => told.splice(0);
  change();
  expect(toldNow()).toEqual([]);
  ahead.add({ digest: c });
  ahead.add({ digest: cxx });
  ahead.add({ digest: cxx });
  expect(toldNow()).toEqual([
    [a, 0, c],
    [a, 0, cxx],
  ]);
  workers = [offering(a, 1), { ...offering(b, 1), session: 4 }];
  change();
  change();
  expect(toldNow()).toEqual([
    [b, 4, c],
    [b, 4, cxx],
  ]);
  workers = [{ ...offering(a, 1), session: 1 }];
  change();
  expect(toldNow()).toEqual([
    [a, 1, c],
    [a, 1, cxx],
  ]);
  ahead.stop();
  workers = [{ ...offering(a, 1), session: 2 }];
  change();
  expect(toldNow()).toEqual([]);
});
