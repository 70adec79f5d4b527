// Brings a worker's copy of a client's files up to date, one change after the other in the order in which they were told.
// Bytes come from where they are cheapest: what travelled along, what this machine has, what the client is asked for.
import { type Digest, digestSizeBytes, matchesDigest } from '../digest.ts';
import { type Clock, sleep } from '../platform/clock.ts';
import type { JobRequest } from '../protocol/farm.ts';
import { travelsAlong } from '../protocol/farm.ts';
import { decodeTree, type TreeEntry } from '../protocol/tree-entry.ts';
import type { MemberKey } from '../team/identity.ts';
import type { ClientCopy, OwnFile } from './client-copy.ts';

/** Where the bytes of a client's files come from, beside the client's own answers. */
export interface FileSource {
  /** This machine's own, if it has a file at this path that could be the same, or keeps the blob. Not verified. */
  here(digest: Digest, path: string | undefined): Promise<Uint8Array | undefined>;
  /** This machine's own file that is the same, where it can be shown to jobs as it is. */
  own?(digest: Digest, path: string): OwnFile | undefined;
  /** From the client or any other teammate; kept on this machine. */
  bring(client: MemberKey, digest: Digest, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/** How the worker asks the client for bytes that it lacks: those that travel along (protocol/farm.ts). */
export type Want = (digests: readonly Digest[]) => Promise<ReadonlyMap<Digest, Uint8Array>>;

type FileEntry = Extract<TreeEntry, { kind: 'file' }>;

/** What is done before others have their turn: a worker that is silent for long is taken for frozen. */
const entriesPerTurn = 64;
const bytesPerTurn = 4 * 1024 * 1024;
/** Each file that is shown from where it is costs each job a mount. */
const ownFileBytesMin = 4 * 1024 * 1024;

export class CopyUpdates {
  readonly #copy: ClientCopy;
  readonly #client: MemberKey;
  readonly #files: FileSource;
  readonly #clock: Clock;
  readonly #toolchains = new Set<Digest>();
  #turn: Promise<void> = Promise.resolve();
  #isBroken = false;
  #toldCount = 0;

  constructor(copy: ClientCopy, client: MemberKey, files: FileSource, clock: Clock) {
    this.#clock = clock;
    this.#copy = copy;
    this.#client = client;
    this.#files = files;
  }

  /** Whether something that was told could not be taken in: the client must start over. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Resolves once the copy has all that this and every earlier request told. */
  bring(request: JobRequest, want: Want, signal: AbortSignal): Promise<void> {
    if (request.toldBefore !== this.#toldCount) this.#isBroken = true;
    this.#toldCount += request.entries.length;
    const turn = this.#turn.then(() => this.#bringNow(request, want, signal));
    this.#turn = turn.catch(() => {
      this.#isBroken = true;
    });
    return turn;
  }

  /** Resolves once the copy has the toolchain, or does not get it now: then the first job that needs it brings it. */
  prepare(toolchain: Digest, want: Want, signal: AbortSignal): Promise<void> {
    this.#turn = this.#turn.then(() => this.#bringToolchain(toolchain, want, signal).catch(() => {}));
    return this.#turn;
  }

  async #bringToolchain(toolchain: Digest, want: Want, signal: AbortSignal): Promise<void> {
    if (this.#toolchains.has(toolchain)) return;
    const bytes = await this.#gather([[toolchain, undefined]], new Map(), want, signal);
    await this.#apply(decodeTree(bytes.get(toolchain)!), new Map(), want, signal);
    this.#toolchains.add(toolchain);
  }

  async #bringNow({ job, entries, blobs }: JobRequest, want: Want, signal: AbortSignal): Promise<void> {
    if (this.#isBroken) throw new Error('an earlier change could not be made');
    await this.#bringToolchain(job.toolchain, want, signal);
    await this.#apply(entries, blobs, want, signal);
  }

  async #apply(
    entries: readonly TreeEntry[],
    sent: ReadonlyMap<Digest, Uint8Array>,
    want: Want,
    signal: AbortSignal,
  ): Promise<void> {
    const lacking = new Set(this.#copy.lacking(entries));
    const needed = entries.filter(entry => entry.kind === 'file' && lacking.has(entry.digest)) as FileEntry[];
    const small = needed.filter(entry => !isLarge(entry));
    const bytes = await this.#gather(pathsByDigest(small), sent, want, signal);
    const largeOnes = new Set<TreeEntry>(needed.filter(isLarge));
    for (const part of turns(entries, largeOnes)) {
      const large = part.filter(entry => largeOnes.has(entry)) as FileEntry[];
      const own = this.#ownOf(large);
      const lacked = large.filter(({ digest }) => !own.has(digest));
      const brought = await this.#gather(pathsByDigest(lacked), sent, want, signal);
      const bytesOf = (digest: Digest) => bytes.get(digest) ?? brought.get(digest);
      this.#copy.apply(part, bytesOf, digest => own.get(digest));
      await sleep(this.#clock, 0);
    }
  }

  /** Which of these this machine has itself. */
  #ownOf(entries: readonly FileEntry[]): Map<Digest, OwnFile> {
    const found = new Map<Digest, OwnFile>();
    for (const { digest, path } of entries) {
      const isWorthwhile = digestSizeBytes(digest) >= ownFileBytesMin;
      const own = isWorthwhile ? this.#files.own?.(digest, path) : undefined;
      if (own !== undefined) found.set(digest, own);
    }
    return found;
  }

  /** The bytes of all of these, verified. Rejects where one cannot be had. */
  async #gather(
    needed: readonly (readonly [Digest, string | undefined])[],
    sent: ReadonlyMap<Digest, Uint8Array>,
    want: Want,
    signal: AbortSignal,
  ): Promise<Map<Digest, Uint8Array>> {
    const gathered = new Map<Digest, Uint8Array>();
    const asked: Digest[] = [];
    let readBytes = 0;
    for (const [digest, path] of needed) {
      const bytes = digest.endsWith('/0')
        ? new Uint8Array(0)
        : (sent.get(digest) ?? (await this.#files.here(digest, path)));
      if (bytes !== undefined && matchesDigest(bytes, digest)) gathered.set(digest, bytes);
      else asked.push(digest);
      readBytes += bytes?.byteLength ?? 0;
      if (readBytes < bytesPerTurn) continue;
      readBytes = 0;
      await sleep(this.#clock, 0);
    }
    const small = asked.filter(digest => travelsAlong(digestSizeBytes(digest)));
    if (small.length > 0)
      for (const [digest, bytes] of await want(small))
        if (matchesDigest(bytes, digest)) gathered.set(digest, bytes);
    for (const digest of asked) {
      const bytes = gathered.get(digest) ?? (await this.#files.bring(this.#client, digest, signal));
      if (bytes === undefined || (!gathered.has(digest) && !matchesDigest(bytes, digest)))
        throw new Error(`nobody has ${digest}`);
      gathered.set(digest, bytes);
    }
    return gathered;
  }
}

/** Whether its bytes are too many to be held beside those of all others: a compiler's libraries have hundreds of megabytes. */
function isLarge({ digest }: FileEntry): boolean {
  return !travelsAlong(digestSizeBytes(digest));
}

function pathsByDigest(entries: readonly FileEntry[]): [Digest, string][] {
  return [...new Map(entries.map(({ digest, path }) => [digest, path]))];
}

/** The entries in order, in parts for one turn each: a few, or a large one alone. */
function* turns(
  entries: readonly TreeEntry[],
  large: ReadonlySet<TreeEntry>,
): Generator<readonly TreeEntry[]> {
  let part: TreeEntry[] = [];
  for (const entry of entries) {
    if (part.length > 0 && (large.has(entry) || part.length >= entriesPerTurn)) {
      yield part;
      part = [];
    }
    part.push(entry);
    if (large.has(entry)) {
      yield part;
      part = [];
    }
  }
  if (part.length > 0) yield part;
}
