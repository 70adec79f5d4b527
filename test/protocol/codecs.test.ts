// Every wire codec: what it writes it reads back, and whatever else comes is a ProtocolError, never another error.
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/digest.ts';
import { decode, encode } from '../../src/encoding.ts';
import { announcedKeysPerFrameMax, blobChunkBytes, statementsPerFrameMax } from '../../src/limits.ts';
import { admissionFromWire, admissionToWire } from '../../src/protocol/admission.ts';
import {
  greetingFromWire,
  greetingToWire,
  knockFromWire,
  knockToWire,
  nonceFromWire,
  nonceToWire,
} from '../../src/protocol/door.ts';
import {
  compileName,
  farmReplyFromWire,
  farmReplyToWire,
  farmRequestFromWire,
  farmRequestToWire,
} from '../../src/protocol/farm.ts';
import { replyFromWire, replyToWire, requestFromWire, requestToWire } from '../../src/protocol/fetch.ts';
import { ProtocolError } from '../../src/protocol/frames.ts';
import { inventoryFromWire, inventoryMessages, inventoryToWire } from '../../src/protocol/inventory.ts';
import { joinFromWire, joinToWire } from '../../src/protocol/join.ts';
import {
  ledgerMessageFromWire,
  ledgerMessageToWire,
  statementGroups,
} from '../../src/protocol/ledger-sync.ts';
import { membersFromWire, membersToWire } from '../../src/protocol/members.ts';
import type { StatementId } from '../../src/team/statement.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { testIdentity } from '../support/team.ts';

const { key } = testIdentity(1);
const id = 'ab'.repeat(32) as StatementId;
const digest = digestOf('x');
const bytes = (size: number) => new Uint8Array(size).fill(5);
const knock = { key, name: 'desk-2', consent: bytes(64), commitment: bytes(32) };
const join = { key, name: 'desk-2', consent: bytes(64), proof: { invite: key, signature: bytes(64) } };

const entries = [
  { kind: 'file', path: '/a/b.h', digest, isExecutable: true, modifiedS: 1_700_000_000 },
  { kind: 'folder', path: '/a/c' },
  { kind: 'link', path: '/lib', target: 'usr/lib' },
  { kind: 'gone', path: '/a/d' },
];
const job = {
  toolchain: digest,
  compiler: '/usr/bin/g++',
  arguments: ['-c', 'a.cc'],
  added: [],
  cwd: '/a',
  root: '/a',
  spelledCwd: '/a',
  places: [{ token: '{root}', path: '/a' }],
  environment: [['LC_ALL', 'C']],
};

type Codec = readonly [string, readonly unknown[], (message: never) => unknown, (value: unknown) => unknown];

const codecs: Codec[] = [
  [
    'fetch request',
    [
      { kind: 'records', id: 0, action: digest },
      { kind: 'blob', id: 0xffffffff, digest },
      { kind: 'cancel', id: 7 },
    ],
    requestToWire,
    requestFromWire,
  ],
  [
    'fetch reply',
    [
      { kind: 'records', id: 1, records: [bytes(100)], blobs: new Map([[digest, bytes(1)]]) },
      { kind: 'chunk', id: 2, bytes: bytes(300) },
      { kind: 'absent', id: 3 },
      { kind: 'failed', id: 4, failure: 'busy' },
    ],
    replyToWire,
    replyFromWire,
  ],
  [
    'farm request',
    [
      {
        kind: 'run',
        id: 1,
        request: { job, epoch: 2, toldBefore: 7, entries, blobs: new Map([[digest, bytes(1)]]), joins: true },
      },
      { kind: 'cancel', id: 2 },
      { kind: 'prepare', id: 8, preparation: { epoch: 3, toolchain: digestOf('toolchain') } },
      { kind: 'blobs', id: 3, blobs: new Map() },
    ],
    farmRequestToWire,
    farmRequestFromWire,
  ],
  [
    'farm reply',
    [
      { kind: 'offer', offer: { slots: 4, jobs: 5, isOpen: false, running: [compileName(digest)] } },
      { kind: 'want', id: 1, digests: [digest] },
      { kind: 'started', id: 1 },
      { kind: 'outcome', id: 2, outcome: { kind: 'refused', reason: 'busy' } },
      { kind: 'outcome', id: 3, outcome: { kind: 'useless', reason: 'compile-failed', set: bytes(3) } },
      {
        kind: 'outcome',
        id: 4,
        outcome: { kind: 'done', set: bytes(9), records: [bytes(50)], blobs: new Map([[digest, bytes(2)]]) },
      },
    ],
    farmReplyToWire,
    farmReplyFromWire,
  ],
  [
    'inventory',
    [{ kind: 'restart' }, { kind: 'alive' }, { kind: 'keys', keys: bytes(16) }],
    inventoryToWire,
    inventoryFromWire,
  ],
  [
    'ledger',
    [
      { kind: 'heads', heads: [id] },
      { kind: 'statements', statements: [bytes(9)] },
    ],
    ledgerMessageToWire,
    ledgerMessageFromWire,
  ],
  ['members', [new Map([[key, ['/ip4/10.0.0.1/tcp/1']]])], membersToWire, membersFromWire],
  [
    'admission',
    [
      { kind: 'statements', statements: [bytes(9)] },
      { kind: 'admitted', addresses: new Map([[key, []]]) },
      { kind: 'refused', code: 'INVITE_REFUSED', message: 'the invite has expired' },
    ],
    admissionToWire,
    admissionFromWire,
  ],
  ['join', [join], joinToWire, joinFromWire],
  [
    'door greeting',
    [{ teamId: id, teamName: 'acme', member: key, memberName: 'desk-1' }],
    greetingToWire,
    greetingFromWire,
  ],
  ['door knock', [knock], knockToWire, knockFromWire],
  ['door nonce', [bytes(32)], nonceToWire, nonceFromWire],
];

describe.each(codecs)('%s', (_, messages, toWire, fromWire) => {
  test('reads back what it wrote', () => {
    for (const message of messages) {
      expect(fromWire(decode(encode(toWire(message as never))))).toEqual(message);
    }
  });

  test('refuses every mutation that it does not read as a message', () => {
    const random = new SeededRandom(41);
    for (let round = 0; round < 2_000; round++) {
      const value = mutated(structuredClone(toWire(random.pick(messages) as never)), random);
      try {
        fromWire(value);
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(ProtocolError);
      }
    }
  });

  test('refuses what is no message at all', () => {
    for (const value of [
      null,
      0,
      '',
      'team',
      [],
      {},
      [[]],
      ['statements'],
      [null, null],
      new Uint8Array(8),
    ]) {
      if (Array.isArray(value) && value.length === 0 && fromWire === membersFromWire) continue;
      expect(() => fromWire(value)).toThrow(ProtocolError);
    }
  });
});

/** The value with one part of it replaced by something else. */
function mutated(value: unknown, random: SeededRandom): unknown {
  const others = [
    null,
    -1,
    1.5,
    2 ** 40,
    '',
    'x'.repeat(10_000),
    [],
    [[]],
    {},
    true,
    random.bytes(3),
    random.bytes(64),
    'blake3/zz/1',
  ];
  if (!Array.isArray(value) || value.length === 0 || random.fraction() < 0.2) return random.pick(others);
  const at = random.below(value.length);
  const how = random.fraction();
  if (how < 0.2) value.splice(at, 1);
  else if (how < 0.4) value.push(random.pick(others));
  else value[at] = mutated(value[at], random);
  return value;
}

test('lists beyond their bound are refused', () => {
  const tooMany = Array.from({ length: statementsPerFrameMax + 1 }, () => bytes(1));
  expect(() => ledgerMessageFromWire(['statements', tooMany])).toThrow(ProtocolError);
  expect(() => inventoryFromWire(['keys', bytes(8 * announcedKeysPerFrameMax + 8)])).toThrow(ProtocolError);
  expect(() => inventoryFromWire(['keys', bytes(9)])).toThrow(ProtocolError);
  expect(replyFromWire([1, 'chunk', bytes(blobChunkBytes)])).toMatchObject({ kind: 'chunk' });
  expect(() => replyFromWire([1, 'chunk', bytes(blobChunkBytes + 1)])).toThrow(ProtocolError);
});

test('an inventory is cut into messages that fit, in order and without loss', () => {
  const actions = Array.from({ length: announcedKeysPerFrameMax + 1 }, (_, index) =>
    digestOf(`action ${index}`),
  );
  const sizes = [...inventoryMessages(actions)].map(message =>
    message.kind === 'keys' ? message.keys.byteLength : 0,
  );
  expect(sizes).toEqual([8 * announcedKeysPerFrameMax, 8]);
  expect([...inventoryMessages([])]).toEqual([]);
});

test('statements are grouped by number and by size', () => {
  const many = Array.from({ length: statementsPerFrameMax + 1 }, () => bytes(10));
  expect([...statementGroups(many, 1 << 20)].map(group => group.length)).toEqual([statementsPerFrameMax, 1]);
  expect(
    [...statementGroups([bytes(600), bytes(600), bytes(600)], 1_400)].map(group => group.length),
  ).toEqual([2, 1]);
});
