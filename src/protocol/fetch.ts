// Fetch: asking a teammate for the records of an action and for blobs, over one long-lived stream for each asking side.
// Goals: one round trip for a hit with small outputs (blobs travel along); many requests under way at once; a large blob
// never holds up a small answer, because it travels in pieces between which others fit.
// Non-goals: asking on behalf of others (what a member serves is its own), uploads, resuming a blob halfway.
import type { Digest } from '../digest.ts';
import {
  blobChunkBytes,
  inlineBlobSizeBytesMax,
  recordSizeBytesMax,
  recordsPerActionMax,
} from '../limits.ts';
import { bytes, count32, digest, fields, list, malformed } from './fields.ts';

export const fetchProtocol = '/p2pcache/fetch/1';

/** `id` is chosen by the asking side and comes back in every message of the answer. */
export type FetchRequest =
  | { readonly kind: 'records'; readonly id: number; readonly action: Digest }
  | { readonly kind: 'blob'; readonly id: number; readonly digest: Digest }
  /** The answer is not wanted any more. */
  | { readonly kind: 'cancel'; readonly id: number };

/** `busy`: too many requests under way; `failed`: the store could not be read. */
export type FetchFailure = 'busy' | 'failed';

export type FetchReply =
  | {
      readonly kind: 'records';
      readonly id: number;
      /** Encoded signed records. */
      readonly records: readonly Uint8Array[];
      readonly blobs: ReadonlyMap<Digest, Uint8Array>;
    }
  /** The next piece of the blob; the last one completes the size that the digest names. */
  | { readonly kind: 'chunk'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'absent'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: FetchFailure };

/** More small blobs than this never travel with one reply. */
const inlineBlobsMax = 256;

export function requestToWire(request: FetchRequest): unknown {
  if (request.kind === 'records') return [request.id, 'records', request.action];
  if (request.kind === 'blob') return [request.id, 'blob', request.digest];
  return [request.id, 'cancel', null];
}

/** Throws a ProtocolError on anything but a well-formed request. */
export function requestFromWire(value: unknown): FetchRequest {
  const [idField, kind, what] = fields(value, 3);
  const id = count32(idField);
  if (kind === 'records') return { kind, id, action: digest(what) };
  if (kind === 'blob') return { kind, id, digest: digest(what) };
  if (kind === 'cancel' && what === null) return { kind, id };
  throw malformed('not a fetch request');
}

export function replyToWire(reply: FetchReply): unknown {
  if (reply.kind === 'records') return [reply.id, 'records', [reply.records, [...reply.blobs]]];
  if (reply.kind === 'chunk') return [reply.id, 'chunk', reply.bytes];
  if (reply.kind === 'failed') return [reply.id, 'failed', reply.failure];
  return [reply.id, 'absent', null];
}

/** Throws a ProtocolError on anything but a well-formed reply. Whether bytes match digests is the caller's to check. */
export function replyFromWire(value: unknown): FetchReply {
  const [idField, kind, what] = fields(value, 3);
  const id = count32(idField);
  if (kind === 'records') return { kind, id, ...recordsFromWire(what) };
  if (kind === 'chunk') return { kind, id, bytes: bytes(what, blobChunkBytes) };
  if (kind === 'failed' && (what === 'busy' || what === 'failed')) return { kind, id, failure: what };
  if (kind === 'absent' && what === null) return { kind, id };
  throw malformed('not a fetch reply');
}

function recordsFromWire(value: unknown): { records: Uint8Array[]; blobs: Map<Digest, Uint8Array> } {
  const [records, blobs] = fields(value, 2);
  const entries = list(blobs, inlineBlobsMax, entry => {
    const [name, content] = fields(entry, 2);
    return [digest(name), bytes(content, inlineBlobSizeBytesMax)] as const;
  });
  return {
    records: list(records, recordsPerActionMax, record => bytes(record, recordSizeBytesMax)),
    blobs: new Map(entries),
  };
}
