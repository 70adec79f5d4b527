// Farm: having a teammate run a compile, over one long-lived stream for each asking side.
// Goals: a warm worker needs one small request and gives one reply; the worker's copy of the asking side's files is told of
// only what changed; many jobs under way at once; a worker that stops answering is noticed by its silence.
// Non-goals: scheduling (each asking side places its own jobs), moving large blobs (the fetch protocol does), trust (a result
// counts as far as the team vouches for the signer of its records).
import { type Digest, digestHash } from '../digest.ts';
import {
  farmBlobsPerFrameBytesMax,
  inlineBlobSizeBytesMax,
  jobArgumentsMax,
  lendingSlotsMax,
  recordSizeBytesMax,
  treeEntriesMax,
} from '../limits.ts';
import { bytes, count32, digest, fields, list, malformed, tag, text } from './fields.ts';
import { entriesFromWire, entryToWire, isPlainPath, type TreeEntry } from './tree-entry.ts';

export const farmProtocol = '/p2pcache/farm/5';

/** One compile, as an action in REAPI's sense: a command, an input tree, a toolchain. The command is the client's own, to
 * the letter: the worker runs it at the client's own paths. */
export interface Job {
  /** The tree of the compiler's own programs and libraries (farm/toolchain.ts), named by its digest. */
  readonly toolchain: Digest;
  /** The compiler's path. */
  readonly compiler: string;
  /** After the compiler's name, response files expanded. */
  readonly arguments: readonly string[];
  /** What p2pcache adds before them (compile/compile-key.ts). */
  readonly added: readonly string[];
  readonly cwd: string;
  /** The checkout's folder, and the working folder as $PWD spells it (compile/project-folder.ts). */
  readonly root: string;
  readonly spelledCwd: string;
  /** Folders that have another name at others', those inside others first; for Rust only. */
  readonly places: readonly { readonly token: string; readonly path: string }[];
  /** Every variable that the command gets, as name and value. */
  readonly environment: readonly (readonly [string, string])[];
}

/** A job and what the worker must learn of the client's files before it can run. */
export interface JobRequest {
  readonly job: Job;
  /** Counts up whenever the client forgets what it told: the worker then starts its copy anew. */
  readonly epoch: number;
  /** Entries told before these in this epoch: a worker that knows of another number has missed some. */
  readonly toldBefore: number;
  /** Changes to the worker's copy of the client's files, in order. */
  readonly entries: readonly TreeEntry[];
  /** Contents that the worker can hardly have yet, such as the source. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  /** It is to wait for the same compile, which runs there by the worker's offer; refused as `busy` where none does. */
  readonly joins: boolean;
}

/**
 * `busy`: no slot, or the owner needs the machine; `not-lending`: the farm is off there; `role`: not allowed to submit;
 * `tree-lost`: the worker's copy of our files is gone or incomplete, tell it anew; `unsound`: the job breaks the rules;
 * `sandbox`: the sandbox did not start; `limit`: the job broke a limit; `failed`: anything else.
 */
export const jobRefusals = [
  'busy',
  'not-lending',
  'role',
  'tree-lost',
  'unsound',
  'sandbox',
  'limit',
  'cancelled',
  'failed',
] as const;
export type JobRefusal = (typeof jobRefusals)[number];

export type JobOutcome =
  | {
      readonly kind: 'done';
      /** The input set (compile/input-manifest.ts, encoded) that the run was seen to have. */
      readonly set: Uint8Array;
      /** Encoded records, signed by the worker: one for each key that the result counts for. */
      readonly records: readonly Uint8Array[];
      /** Those outputs that travel along; the others are fetched by digest. */
      readonly blobs: ReadonlyMap<Digest, Uint8Array>;
    }
  /** The compiler ended badly, or did what makes a run uncached; `set` is what it looked at, empty where that is unknown. */
  | { readonly kind: 'useless'; readonly reason: string; readonly set: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: JobRefusal };

/** What a worker says of itself, whenever it changes, and as a sign of life while it runs jobs. */
export interface Offer {
  /** Jobs it runs at once; 0 while it lends nothing. */
  readonly slots: number;
  /** Jobs of anyone that run or wait there. */
  readonly jobs: number;
  /** Whether it takes jobs now: its owner may need the machine. */
  readonly isOpen: boolean;
  /** Compiles that run there: whoever wants the same may wait for the end of that run. */
  readonly running: readonly CompileName[];
}

/** Tells compiles apart in offers: the first 16 hex digits of the key that all folders ask for a compile under. A hint, no proof. */
export type CompileName = string;

export function compileName(key: Digest): CompileName {
  return digestHash(key).slice(0, compileNameLength);
}

/** A toolchain that jobs will need: the worker may take it in ahead of them. Nobody waits for it, and nothing answers. */
export interface Preparation {
  readonly epoch: number;
  readonly toolchain: Digest;
}

export type FarmRequest =
  | { readonly kind: 'run'; readonly id: number; readonly request: JobRequest }
  | { readonly kind: 'prepare'; readonly id: number; readonly preparation: Preparation }
  | { readonly kind: 'cancel'; readonly id: number }
  /** What the worker wanted; a digest that is not among them cannot be had. */
  | { readonly kind: 'blobs'; readonly id: number; readonly blobs: ReadonlyMap<Digest, Uint8Array> };

export type FarmReply =
  | { readonly kind: 'offer'; readonly offer: Offer }
  | { readonly kind: 'want'; readonly id: number; readonly digests: readonly Digest[] }
  /** The job waits no more: it runs. */
  | { readonly kind: 'started'; readonly id: number }
  | { readonly kind: 'outcome'; readonly id: number; readonly outcome: JobOutcome };

const compileNameLength = 16;
const blobsMax = 4096;
const setBytesMax = 4 * 1024 * 1024;

export function farmRequestToWire(message: FarmRequest): unknown {
  if (message.kind === 'cancel') return ['cancel', message.id];
  if (message.kind === 'blobs') return ['blobs', message.id, [...message.blobs]];
  if (message.kind === 'prepare') {
    const { epoch, toolchain } = message.preparation;
    return ['prepare', message.id, epoch, toolchain];
  }
  const { job, epoch, toldBefore, entries, blobs, joins } = message.request;
  const position = [epoch, toldBefore, joins ? 1 : 0];
  return ['run', message.id, jobToWire(job), position, entries.map(entryToWire), [...blobs]];
}

/** Throws a ProtocolError on anything but a well-formed request. Whether bytes match digests is the caller's to check. */
export function farmRequestFromWire(value: unknown): FarmRequest {
  const kind = tag(value);
  if (kind === 'cancel') return { kind, id: count32(fields(value, 2)[1]) };
  if (kind === 'blobs') {
    const [, id, blobs] = fields(value, 3);
    return { kind, id: count32(id), blobs: blobsFromWire(blobs) };
  }
  if (kind === 'prepare') {
    const [, id, epoch, toolchain] = fields(value, 4);
    return { kind, id: count32(id), preparation: { epoch: count32(epoch), toolchain: digest(toolchain) } };
  }
  if (kind !== 'run') throw malformed('not a farm request');
  const [, id, job, position, entries, blobs] = fields(value, 6);
  const [epoch, toldBefore, joins] = fields(position, 3);
  const request = {
    job: jobFromWire(job),
    epoch: count32(epoch),
    toldBefore: count32(toldBefore),
    entries: entriesFromWire(entries),
    blobs: blobsFromWire(blobs),
    joins: count32(joins) === 1,
  };
  return { kind, id: count32(id), request };
}

export function farmReplyToWire(message: FarmReply): unknown {
  if (message.kind === 'offer') {
    const { slots, jobs, isOpen, running } = message.offer;
    return ['offer', slots, jobs, isOpen ? 1 : 0, running];
  }
  if (message.kind === 'want') return ['want', message.id, message.digests];
  if (message.kind === 'started') return ['started', message.id];
  const { id, outcome } = message;
  if (outcome.kind === 'refused') return ['refused', id, outcome.reason];
  if (outcome.kind === 'useless') return ['useless', id, outcome.reason, outcome.set];
  return ['done', id, outcome.set, outcome.records, [...outcome.blobs]];
}

/** Throws a ProtocolError on anything but a well-formed reply. */
export function farmReplyFromWire(value: unknown): FarmReply {
  const kind = tag(value);
  if (kind === 'offer') {
    const [, slots, jobs, isOpen, running] = fields(value, 5);
    const offer = {
      slots: count32(slots),
      jobs: count32(jobs),
      isOpen: count32(isOpen) === 1,
      running: list(running, lendingSlotsMax, name => text(name, compileNameLength)),
    };
    return { kind, offer };
  }
  if (kind === 'want') {
    const [, id, digests] = fields(value, 3);
    return { kind, id: count32(id), digests: list(digests, blobsMax, digest) };
  }
  if (kind === 'started') return { kind, id: count32(fields(value, 2)[1]) };
  return { kind: 'outcome', ...outcomeFromWire(kind, value) };
}

function outcomeFromWire(kind: string, value: unknown): { id: number; outcome: JobOutcome } {
  if (kind === 'refused') {
    const [, id, name] = fields(value, 3);
    const reason = jobRefusals.find(each => each === name);
    if (reason === undefined) throw malformed('not a refusal');
    return { id: count32(id), outcome: { kind, reason } };
  }
  if (kind === 'useless') {
    const [, id, reason, set] = fields(value, 4);
    return { id: count32(id), outcome: { kind, reason: text(reason, 64), set: bytes(set, setBytesMax) } };
  }
  if (kind !== 'done') throw malformed('not a farm reply');
  const [, id, set, records, blobs] = fields(value, 5);
  const outcome = {
    kind: 'done' as const,
    set: bytes(set, setBytesMax),
    records: list(records, 4, record => bytes(record, recordSizeBytesMax)),
    blobs: blobsFromWire(blobs),
  };
  return { id: count32(id), outcome };
}

function jobToWire(job: Job): unknown {
  const { toolchain, compiler, added, cwd, root, spelledCwd, places, environment } = job;
  return [
    toolchain,
    compiler,
    job.arguments,
    added,
    [cwd, root, spelledCwd, places.map(place => [place.token, place.path])],
    environment.map(pair => [...pair]),
  ];
}

function jobFromWire(value: unknown): Job {
  const [toolchain, compiler, args, added, folders, environment] = fields(value, 6);
  const [cwd, root, spelledCwd, places] = fields(folders, 4);
  return {
    toolchain: digest(toolchain),
    compiler: path(compiler),
    arguments: list(args, jobArgumentsMax, argument),
    added: list(added, 16, argument),
    cwd: path(cwd),
    root: path(root),
    spelledCwd: path(spelledCwd),
    places: list(places, 8, place => {
      const [token, at] = fields(place, 2);
      return { token: text(token, 32), path: path(at) };
    }),
    environment: list(environment, 256, pair => {
      const [name, content] = fields(pair, 2);
      return [argument(name), argument(content)] as const;
    }),
  };
}

function argument(value: unknown): string {
  const word = text(value, 128 * 1024);
  if (word.includes('\0')) throw malformed('a zero byte');
  return word;
}

function path(value: unknown): string {
  const word = argument(value);
  if (!isPlainPath(word)) throw malformed('not a plain path');
  return word;
}

function blobsFromWire(value: unknown): Map<Digest, Uint8Array> {
  const entries = list(value, treeEntriesMax, entry => {
    const [name, content] = fields(entry, 2);
    return [digest(name), bytes(content, farmBlobsPerFrameBytesMax)] as const;
  });
  return new Map(entries);
}

/** Whether a blob travels in this protocol's own frames; larger ones go over the fetch protocol. */
export function travelsAlong(sizeBytes: number): boolean {
  return sizeBytes <= 4 * inlineBlobSizeBytesMax;
}
