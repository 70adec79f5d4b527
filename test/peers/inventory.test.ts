// What teammates say they hold: found again, forgotten with them, bounded.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { inventoryKeysPerPeerMax } from '../../src/limits.ts';
import { Inventory } from '../../src/peers/inventory.ts';
import { inventoryMessages } from '../../src/protocol/inventory.ts';
import { testIdentity } from '../support/team.ts';

const a = testIdentity(1).key;
const b = testIdentity(2).key;

function add(inventory: Inventory, member: typeof a, names: readonly string[]): void {
  for (const message of inventoryMessages(names.map(name => digestOf(name)))) {
    if (message.kind === 'keys') inventory.add(member, message.keys);
  }
}

test('holders are found by the announced action and by no other', () => {
  const inventory = new Inventory();
  const names = Array.from({ length: 5_000 }, (_, index) => `action ${index}`);
  add(inventory, a, names);
  add(inventory, b, ['action 7']);
  expect(names.every(name => inventory.holdersOf(digestOf(name)).includes(a))).toBe(true);
  expect(inventory.holdersOf(digestOf('action 7'))).toEqual([a, b]);
  expect(inventory.holdersOf(digestOf('another'))).toEqual([]);
  expect(inventory.sizeOf(a)).toBe(5_000);
});

test('announcing twice counts once; forgetting forgets one member only', () => {
  const inventory = new Inventory();
  add(inventory, a, ['x', 'x']);
  add(inventory, b, ['x']);
  expect(inventory.sizeOf(a)).toBe(1);
  inventory.forget(a);
  expect(inventory.holdersOf(digestOf('x'))).toEqual([b]);
});

test('one member cannot fill the memory', () => {
  const inventory = new Inventory();
  const keys = Buffer.alloc(8 * 10_000);
  for (let sent = 0; sent < inventoryKeysPerPeerMax + 20_000; sent += 10_000) {
    for (let at = 0; at < 10_000; at++)
      keys.writeUInt32BE(((sent + at) * 2_654_435_761) % 2 ** 32, 8 * at + 4);
    for (let at = 0; at < 10_000; at++) keys.writeUInt32BE(sent + at + 1, 8 * at);
    inventory.add(a, keys);
  }
  expect(inventory.sizeOf(a)).toBe(inventoryKeysPerPeerMax);
});
