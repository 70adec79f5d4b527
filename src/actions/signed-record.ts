// A record: one member's signed claim "this action yields this result, made this way". The signature covers the exact
// bytes that travel and are stored, under a prefix of its own, so a record can never pass for a statement.
import { type Digest, parseDigest } from '../digest.ts';
import { decode, encode } from '../encoding.ts';
import { recordSizeBytesMax } from '../limits.ts';
import {
  type Identity,
  type MemberKey,
  memberKeyBytes,
  parseMemberKey,
  verifySignature,
} from '../team/identity.ts';
import type { ActionResult, OutputFile, OutputStyle } from './action-result.ts';

/** How the result came to be. */
export type Origin = 'local' | 'farm' | 'upload' | 're-run';

/**
 * `result`: the outputs of running the action. `manifest`: what the action's first key is known to read (see
 * compile/input-manifest.ts); members may rightly differ on a manifest, so it never counts as nondeterminism.
 */
export type RecordKind = 'result' | 'manifest';

export interface RecordClaim {
  readonly teamId: string;
  readonly kind: RecordKind;
  readonly action: Digest;
  readonly result: ActionResult;
  readonly origin: Origin;
  /** What running the action took, in milliseconds: the time a hit saves, and what placement predicts from. */
  readonly durationMs: number;
  /** By the signer's clock, milliseconds since the epoch. */
  readonly createdAtMs: number;
}

export interface SignedRecord extends RecordClaim {
  readonly signer: MemberKey;
  /** The encoded claim, exactly as signed. */
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

const domain = Buffer.from('p2pcache record 1\0');

export function signRecord(identity: Identity, claim: RecordClaim): SignedRecord {
  const { teamId, kind, action, result, origin, durationMs, createdAtMs } = claim;
  const bytes = encode([
    memberKeyBytes(identity.key),
    [teamId, kind, action, origin, Math.round(durationMs), Math.round(createdAtMs)],
    [result.exitCode, result.stdout, result.stderr],
    result.outputFiles.map(({ path, digest, isExecutable, style }) =>
      style === undefined ? [path, digest, isExecutable] : [path, digest, isExecutable, style],
    ),
  ]);
  const signature = identity.sign(Buffer.concat([domain, bytes]));
  return { ...claim, signer: identity.key, bytes, signature };
}

/** The record as one byte string, for the wire and the disk. */
export function encodeRecord(record: SignedRecord): Uint8Array {
  return encode([record.bytes, record.signature]);
}

/** The record that these bytes hold if they are well-formed and the signature is the named signer's; else undefined.
 * Whether that signer may vouch for anything is the keyring's question, not this function's. */
export function decodeRecord(encoded: Uint8Array): SignedRecord | undefined {
  if (encoded.byteLength > recordSizeBytesMax) return undefined;
  try {
    const [bytes, signature] = decode(encoded) as [Uint8Array, Uint8Array];
    const claim = readClaim(bytes);
    if (claim === undefined) return undefined;
    const signed = Buffer.concat([domain, bytes]);
    return verifySignature(claim.signer, signed, signature) ? { ...claim, bytes, signature } : undefined;
  } catch {
    return undefined;
  }
}

function readClaim(bytes: Uint8Array): (RecordClaim & { signer: MemberKey }) | undefined {
  const [signerBytes, head, exits, files] = decode(bytes) as [Uint8Array, unknown[], unknown[], unknown[][]];
  const [teamId, kind, action, origin, durationMs, createdAtMs] = head;
  const [exitCode, stdout, stderr] = exits;
  const signer = parseMemberKey(Buffer.from(signerBytes).toString('hex'));
  const outputFiles = files.map(readOutputFile);
  const digests = [action, stdout, stderr].map(parseDigest);
  const isSound =
    signer !== undefined &&
    typeof teamId === 'string' &&
    (kind === 'result' || kind === 'manifest') &&
    (origin === 'local' || origin === 'farm' || origin === 'upload' || origin === 're-run') &&
    Number.isSafeInteger(durationMs) &&
    Number.isSafeInteger(createdAtMs) &&
    Number.isSafeInteger(exitCode) &&
    digests.every(digest => digest !== undefined) &&
    outputFiles.every(file => file !== undefined);
  if (!isSound) return undefined;
  const result = { outputFiles, stdout, stderr, exitCode } as ActionResult;
  return { signer, teamId, kind, action, origin, durationMs, createdAtMs, result } as RecordClaim & {
    signer: MemberKey;
  };
}

function readOutputFile(fields: unknown[]): OutputFile | undefined {
  const [path, text, isExecutable, style] = fields;
  const digest = parseDigest(text);
  if (typeof path !== 'string' || path === '' || path.includes('\0') || digest === undefined)
    return undefined;
  if (typeof isExecutable !== 'boolean') return undefined;
  if (fields.length === 3) return { path, digest, isExecutable };
  return isStyle(style) ? { path, digest, isExecutable, style } : undefined;
}

function isStyle(value: unknown): value is OutputStyle {
  return value === 'written' || value === 'remade' || value === 'replaced';
}
