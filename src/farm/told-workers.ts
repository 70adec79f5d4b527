// What each worker has been told of this machine's files, and the requests that tell it the rest.
import { type Digest, digestSizeBytes } from '../digest.ts';
import { farmBlobsPerFrameBytesMax } from '../limits.ts';
import { type Job, type JobRequest, travelsAlong } from '../protocol/farm.ts';
import type { MemberKey } from '../team/identity.ts';
import type { OfferingWorker } from './farm-network.ts';
import type { LocalTree } from './local-tree.ts';
import { ToldFiles } from './told-files.ts';
import type { Toolchain } from './toolchain.ts';
import { systemFolders } from './travel.ts';

export interface ToldJob {
  readonly job: Job;
  readonly toolchain: Toolchain;
  /** What it needs. */
  readonly files: ReadonlySet<string>;
  readonly joins: boolean;
}

export class ToldWorkers {
  readonly #tree: LocalTree;
  readonly #told = new Map<MemberKey, { readonly session: number; readonly files: ToldFiles }>();

  constructor(tree: LocalTree) {
    this.#tree = tree;
  }

  /** What this worker knows: nothing after a break in the connection. */
  to({ member, session }: OfferingWorker): ToldFiles {
    let told = this.#told.get(member);
    if (told === undefined || told.session !== session) {
      told = { session, files: new ToldFiles(this.#tree) };
      this.#told.set(member, told);
    }
    return told.files;
  }

  /** The job with all that this worker does not know yet, which counts as told from now on. */
  requestOf(worker: OfferingWorker, { job, toolchain, files, joins }: ToldJob): JobRequest {
    const told = this.to(worker);
    told.note(toolchain);
    const toldBefore = told.count;
    const entries = told.news(files);
    const blobs = new Map<Digest, Uint8Array>();
    let room = farmBlobsPerFrameBytesMax;
    for (const entry of entries) {
      if (entry.kind !== 'file' || systemFolders.test(entry.path)) continue;
      const size = digestSizeBytes(entry.digest);
      if (size === 0 || size > room || !travelsAlong(size)) continue;
      const bytes = this.#tree.bytesOf(entry.digest);
      if (bytes === undefined) continue;
      blobs.set(entry.digest, bytes);
      room -= size;
    }
    return { job, epoch: told.epoch, toldBefore, entries, blobs, joins };
  }
}
