// A worker: runs teammates' jobs in the sandbox while its owner lends the machine, and signs what came of them. It trusts no
// client: every command, path and byte is checked, and what it signs it has seen itself.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecord, signRecord } from '../actions/signed-record.ts';
import { encodeManifest } from '../compile/input-manifest.ts';
import type { Digest } from '../digest.ts';
import { farmBlobsPerFrameBytesMax } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Job, JobOutcome, JobRefusal, JobRequest, Offer, Preparation } from '../protocol/farm.ts';
import type { Identity, MemberKey } from '../team/identity.ts';
import { ClientCopy, OwnFileChanged } from './client-copy.ts';
import { CopyUpdates, type FileSource, type Want } from './copy-updates.ts';
import { type JobRunEnd, type JobRunParts, joinJob, runJob } from './job-run.ts';
import { JoinedRuns } from './joined-runs.ts';
import { MacroLibraries } from './macro-libraries.ts';
import { type Sandbox, SandboxError } from './sandbox.ts';
import { Slots } from './slots.ts';

export interface WorkerParts {
  readonly identity: Identity;
  readonly teamId: string;
  readonly clock: Clock;
  /** Where copies of clients' files and the jobs' own folders are; emptied at the start. */
  readonly dir: string;
  readonly sandbox: Sandbox;
  readonly slots: number;
  readonly files: FileSource;
  /** Whether this member may have jobs run, as the keyring says now. */
  readonly maySubmit: (member: MemberKey) => boolean;
  /** Whether the owner needs the machine now. */
  readonly isBusy: () => boolean;
  /** Keeps outputs that are too large to travel with the answer, for the client to fetch. */
  readonly keepBlob: (digest: Digest, bytes: Uint8Array) => Promise<void>;
  readonly onOffer: () => void;
  readonly onEnd: (client: MemberKey, outcome: JobOutcome, durationMs: number, detail: string) => void;
}

/** How a running job speaks with its client. */
export interface ClientLine {
  readonly want: Want;
  /** The job has a slot. */
  started(): void;
}

export class Worker {
  readonly #parts: WorkerParts;
  readonly #slots: Slots;
  readonly #stopped = new AbortController();
  readonly #running = new Set<AbortController>();
  readonly #joined: JoinedRuns;
  readonly #macros = new MacroLibraries();
  #wasBusy = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#slots = new Slots(parts.slots, parts.onOffer);
    this.#joined = new JoinedRuns(parts.onOffer);
    rmSync(parts.dir, { recursive: true, force: true });
    mkdirSync(parts.dir, { recursive: true, mode: 0o700 });
  }

  offer(): Offer {
    const isOpen = !this.#stopped.signal.aborted && !this.#parts.isBusy() && !this.#slots.isFull;
    return { slots: this.#slots.count, jobs: this.#slots.jobs, isOpen, running: this.#joined.names() };
  }

  get runningJobs(): number {
    return this.#slots.jobs;
  }

  /** To be called a few times a second: tells clients when the owner comes back or leaves. */
  look(): void {
    const isBusy = this.#parts.isBusy();
    if (isBusy !== this.#wasBusy) this.#parts.onOffer();
    this.#wasBusy = isBusy;
  }

  /** What one client's jobs have in common, as long as its stream lasts. */
  session(client: MemberKey): WorkerSession {
    return new WorkerSession(
      client,
      {
        ...this.#parts,
        joined: this.#joined,
        macros: this.#macros,
      },
      this.#slots,
      this.#running,
      this.#stopped.signal,
    );
  }

  /** Ends the jobs that run now: their clients run them elsewhere. */
  sendHome(): void {
    for (const job of this.#running) job.abort(new Error('the owner needs the machine'));
  }

  /** Ends every job. */
  stop(): void {
    this.#stopped.abort(new Error('the owner took the machine back'));
    rmSync(this.#parts.dir, { recursive: true, force: true });
  }
}

/** What all clients' sessions have in common. */
type SessionParts = WorkerParts & Pick<JobRunParts, 'joined' | 'macros'>;

export class WorkerSession {
  readonly #client: MemberKey;
  readonly #parts: SessionParts;
  readonly #slots: Slots;
  readonly #running: Set<AbortController>;
  readonly #stopped: AbortSignal;
  readonly #ended = new AbortController();
  #copy: ClientCopy | undefined;
  #updates: CopyUpdates | undefined;
  #epoch = -1;

  constructor(
    client: MemberKey,
    parts: SessionParts,
    slots: Slots,
    running: Set<AbortController>,
    stopped: AbortSignal,
  ) {
    this.#client = client;
    this.#parts = parts;
    this.#slots = slots;
    this.#running = running;
    this.#stopped = stopped;
  }

  /** Runs a job, or says why not. Never rejects. */
  async run(request: JobRequest, { want, started }: ClientLine, signal: AbortSignal): Promise<JobOutcome> {
    const { maySubmit, isBusy, clock, onEnd } = this.#parts;
    const sentHome = new AbortController();
    this.#running.add(sentHome);
    const stop = AbortSignal.any([signal, this.#stopped, this.#ended.signal, sentHome.signal]);
    const startedMs = clock.nowMs();
    let detail = '';
    let outcome: JobOutcome;
    try {
      if (!maySubmit(this.#client)) outcome = refused('role');
      else if (request.epoch < this.#epoch) outcome = refused('tree-lost');
      else {
        // Also for a job that is refused: what the client told counts as told.
        const updates = this.#updatesOf(request.epoch);
        const isUpToDate = updates.bring(request, want, this.#ended.signal);
        const mayRun = !isBusy() && (request.joins || !this.#slots.isFull);
        if (!mayRun) isUpToDate.catch(() => {});
        const run = [request.job, isUpToDate, started, stop] as const;
        const ended = request.joins ? () => this.#join(...run) : () => this.#inSlot(...run);
        const end = mayRun ? await ended() : undefined;
        if (end === undefined) outcome = refused('busy');
        else {
          if (end.kind === 'useless') detail = end.detail;
          else if (end.kind === 'done' && end.isJoined) detail = 'joined';
          outcome = await this.#sign(end);
        }
      }
    } catch (error) {
      detail = error instanceof Error ? error.message : String(error);
      outcome = refused(sentHome.signal.aborted ? 'busy' : this.#reasonOf(error, stop));
    }
    this.#running.delete(sentHome);
    onEnd(this.#client, outcome, clock.nowMs() - startedMs, detail);
    return outcome;
  }

  /** Takes in a toolchain ahead of the jobs that will need it. What goes wrong shows when one does. Never rejects. */
  async prepare({ epoch, toolchain }: Preparation, want: Want): Promise<void> {
    const { maySubmit, isBusy } = this.#parts;
    if (!maySubmit(this.#client) || isBusy() || epoch < this.#epoch) return;
    await this.#updatesOf(epoch).prepare(toolchain, want, this.#ended.signal);
  }

  /** The client is gone. */
  end(): void {
    this.#ended.abort(new Error('the client is gone'));
    this.#copy?.delete();
  }

  async #inSlot(
    job: Job,
    isUpToDate: Promise<void>,
    started: () => void,
    stop: AbortSignal,
  ): Promise<JobRunEnd> {
    const waits = this.#slots.isTaken;
    const left = new AbortController();
    const slot = this.#slots.take(AbortSignal.any([stop, left.signal]));
    if (waits) {
      // It may be the same compile of another that takes the slot.
      const joined = this.#join(job, isUpToDate, () => {}, stop).catch(() => undefined);
      const end = await Promise.race([slot.then(() => undefined), joined]);
      if (end !== undefined) {
        left.abort(new Error('it was run for another'));
        void slot.then(release => release()).catch(() => {});
        return end;
      }
    }
    const release = await slot;
    started();
    try {
      await isUpToDate;
      stop.throwIfAborted();
      const { sandbox, dir, joined, macros } = this.#parts;
      return await runJob(job, { sandbox, copy: this.#copy!, dir, joined, macros }, stop);
    } finally {
      // The answer goes out first: the next job would take the processor that it needs, and its client waits.
      this.#parts.clock.schedule(0, release);
    }
  }

  /** Takes no slot: it only waits for the one that runs. */
  async #join(
    job: Job,
    isUpToDate: Promise<void>,
    started: () => void,
    stop: AbortSignal,
  ): Promise<JobRunEnd | undefined> {
    started();
    await isUpToDate;
    stop.throwIfAborted();
    return joinJob(job, { copy: this.#copy!, joined: this.#parts.joined }, stop);
  }

  async #sign(end: JobRunEnd): Promise<JobOutcome> {
    if (end.kind === 'limit') return refused('limit');
    if (end.kind === 'useless') {
      const set = end.set === undefined ? new Uint8Array(0) : encodeManifest([end.set]);
      return { kind: 'useless', reason: end.reason, set };
    }
    const { identity, teamId, clock, keepBlob } = this.#parts;
    const { claim, durationMs } = end;
    const records = claim.actions.map(({ action }) =>
      signRecord(identity, {
        teamId,
        kind: 'result',
        action,
        result: claim.result,
        origin: 'farm',
        durationMs,
        createdAtMs: clock.nowMs(),
      }),
    );
    const blobs = new Map<Digest, Uint8Array>();
    let room = farmBlobsPerFrameBytesMax;
    for (const [digest, bytes] of claim.blobs) {
      if (bytes.byteLength > room) await keepBlob(digest, bytes);
      else {
        blobs.set(digest, bytes);
        room -= bytes.byteLength;
      }
    }
    return {
      kind: 'done',
      set: encodeManifest([claim.inputs.set]),
      records: records.map(encodeRecord),
      blobs,
    };
  }

  #updatesOf(epoch: number): CopyUpdates {
    if (this.#updates === undefined || epoch > this.#epoch) {
      this.#copy = new ClientCopy(mkdtempSync(join(this.#parts.dir, 'client-')));
      const { files, sandbox, clock } = this.#parts;
      const { here, bring } = files;
      const source = sandbox.canShow ? files : { here, bring };
      this.#updates = new CopyUpdates(this.#copy, this.#client, source, clock);
      this.#epoch = epoch;
    }
    return this.#updates;
  }

  #reasonOf(error: unknown, stop: AbortSignal): JobRefusal {
    if (this.#stopped.aborted) return 'not-lending';
    if (stop.aborted) return 'cancelled';
    if (this.#updates?.isBroken || error instanceof OwnFileChanged) return 'tree-lost';
    if (error instanceof RangeError) return 'unsound';
    return error instanceof SandboxError ? 'sandbox' : 'failed';
  }
}

function refused(reason: JobRefusal): JobOutcome {
  return { kind: 'refused', reason };
}
