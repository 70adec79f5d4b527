// Inventory: each member tells connected teammates for which actions it holds records, so that a miss is known without
// a packet and a hit's holder without a search.
// Goals: a snapshot when a teammate connects, then a live tail; 8 bytes a key; bounded on both sides.
// It also says now and then that its sender lives: it is the one stream that each side has open to the other anyway.
// Non-goals: certainty (8 bytes of a hash can collide and things get evicted: a holder may answer "none"), blobs (who
// gave a record is asked for its blobs), withdrawing single keys (a new snapshot replaces the old one).
import { type Digest, digestHash } from '../digest.ts';
import { announcedKeysPerFrameMax } from '../limits.ts';
import { bytes, fields, malformed, tag } from './fields.ts';

export const inventoryProtocol = '/p2pcache/inventory/2';

/** Bytes of one key: the first of the action's hash. */
export const inventoryKeyBytes = 8;

/** `restart`: forget what this member said before. `keys`: it holds these, packed one after the other. `alive`: no more than that. */
export type InventoryMessage =
  | { readonly kind: 'restart' | 'alive' }
  | { readonly kind: 'keys'; readonly keys: Uint8Array };

export function inventoryToWire(message: InventoryMessage): unknown {
  return [message.kind, message.kind === 'keys' ? message.keys : null];
}

/** Throws a ProtocolError on anything but a well-formed message. */
export function inventoryFromWire(value: unknown): InventoryMessage {
  const kind = tag(value);
  const [, what] = fields(value, 2);
  if ((kind === 'restart' || kind === 'alive') && what === null) return { kind };
  if (kind !== 'keys') throw malformed('not an inventory message');
  const keys = bytes(what, announcedKeysPerFrameMax * inventoryKeyBytes);
  if (keys.byteLength % inventoryKeyBytes !== 0) throw malformed('a torn key');
  return { kind, keys };
}

/** The keys of these actions, in messages that fit a frame. */
export function* inventoryMessages(actions: Iterable<Digest>): Generator<InventoryMessage> {
  let hashes: string[] = [];
  for (const action of actions) {
    hashes.push(digestHash(action).slice(0, 2 * inventoryKeyBytes));
    if (hashes.length < announcedKeysPerFrameMax) continue;
    yield { kind: 'keys', keys: Buffer.from(hashes.join(''), 'hex') };
    hashes = [];
  }
  if (hashes.length > 0) yield { kind: 'keys', keys: Buffer.from(hashes.join(''), 'hex') };
}
