// Records as bytes: what its signer signed, or nothing.
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, type RecordClaim, signRecord } from '../../src/actions/signed-record.ts';
import { digestOf, emptyDigest } from '../../src/digest.ts';
import { decode, encode } from '../../src/encoding.ts';
import { recordSizeBytesMax } from '../../src/limits.ts';
import { testIdentity } from '../support/team.ts';

const signer = testIdentity(1);
const claim: RecordClaim = {
  teamId: 'ab'.repeat(32),
  kind: 'result',
  action: digestOf('action'),
  result: {
    outputFiles: [
      { path: 'out/a.o', digest: digestOf('object'), isExecutable: false },
      { path: 'out/ä tool', digest: digestOf('tool', 'sha256'), isExecutable: true },
    ],
    stdout: emptyDigest,
    stderr: digestOf('warning: …'),
    exitCode: 0,
  },
  origin: 'local',
  durationMs: 1234,
  createdAtMs: 1_800_000_000_000,
};
const record = signRecord(signer, claim);
const encoded = encodeRecord(record);

describe('a record', () => {
  it('round-trips', () => {
    const { bytes, signature, ...rest } = decodeRecord(encoded)!;
    expect(rest).toEqual({ ...claim, signer: signer.key });
    expect(encodeRecord({ ...rest, bytes, signature })).toEqual(encoded);
  });

  it('keeps times as whole milliseconds', () => {
    const fractional = signRecord(signer, { ...claim, durationMs: 0.6, createdAtMs: 5.4 });
    expect(decodeRecord(encodeRecord(fractional))).toMatchObject({ durationMs: 1, createdAtMs: 5 });
  });

  it('is refused with any one bit flipped', () => {
    for (let bit = 0; bit < encoded.byteLength * 8; bit++) {
      const flipped = Uint8Array.from(encoded);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeRecord(flipped), `bit ${bit}`).toBeUndefined();
    }
  });

  it('is refused when cut short, followed by anything, or too large', () => {
    for (let length = 0; length < encoded.byteLength; length++) {
      expect(decodeRecord(encoded.subarray(0, length))).toBeUndefined();
    }
    expect(decodeRecord(Buffer.concat([encoded, Buffer.of(0)]))).toBeUndefined();
    expect(decodeRecord(Buffer.alloc(recordSizeBytesMax + 1))).toBeUndefined();
  });

  it('is refused when signed without its domain, or under another one', () => {
    for (const domain of ['', 'p2pcache statement 1\0', 'p2pcache record 2\0']) {
      const signature = signer.sign(Buffer.concat([Buffer.from(domain), record.bytes]));
      expect(decodeRecord(encode([record.bytes, signature]))).toBeUndefined();
    }
    const right = signer.sign(Buffer.concat([Buffer.from('p2pcache record 1\0'), record.bytes]));
    expect(decodeRecord(encode([record.bytes, right]))).toBeDefined();
  });

  it('is refused when it names another signer than the one who signed', () => {
    const fields = decode(record.bytes) as unknown[];
    fields[0] = Buffer.from(testIdentity(2).key, 'hex');
    expect(decodeRecord(encode([encode(fields), record.signature]))).toBeUndefined();
  });

  it('is refused when it makes no sense, though rightly signed', () => {
    const nonsense: unknown[] = [
      { kind: 'rumour' },
      { origin: 'hearsay' },
      { action: 'blake3/short/5' },
      { durationMs: Number.MAX_VALUE },
      { result: { ...claim.result, exitCode: 0.5 } },
      { result: { ...claim.result, stdout: 'none' } },
      { result: { ...claim.result, outputFiles: [{ path: '', digest: emptyDigest, isExecutable: false }] } },
      {
        result: {
          ...claim.result,
          outputFiles: [{ path: 'a\0b', digest: emptyDigest, isExecutable: false }],
        },
      },
      { result: { ...claim.result, outputFiles: [{ path: 'a', digest: 'none', isExecutable: false }] } },
      { result: { ...claim.result, outputFiles: [{ path: 'a', digest: emptyDigest, isExecutable: 1 }] } },
    ];
    for (const edit of nonsense) {
      const signed = signRecord(signer, { ...claim, ...(edit as Partial<RecordClaim>) });
      expect(decodeRecord(encodeRecord(signed)), JSON.stringify(edit)).toBeUndefined();
    }
  });
});
