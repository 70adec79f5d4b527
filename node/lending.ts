// Lending this machine to the team: started and ended by its owner, remembered over restarts, refused where it would not be
// safe. While it lasts, a worker runs teammates' jobs (src/farm/worker.ts).
import { join } from 'node:path';
import { CodedError } from '../src/errors.ts';
import type { FileSource } from '../src/farm/copy-updates.ts';
import { OwnerWatch } from '../src/farm/owner-watch.ts';
import { Worker } from '../src/farm/worker.ts';
import { jobMemoryBytesMax, jobProcessesMax } from '../src/limits.ts';
import type { Identity, MemberKey } from '../src/team/identity.ts';
import type { Keyring } from '../src/team/keyring.ts';
import type { Foundation } from './compose.ts';
import type { FarmHub } from './libp2p/farm-hub.ts';
import { BareRoot, bareRootTrouble } from './system/bare-root.ts';
import { Bubblewrap, bubblewrapTrouble } from './system/bubblewrap.ts';
import { JobCgroup } from './system/job-cgroup.ts';
import { readKept, writeKept } from './system/kept-file.ts';
import { runnableCount } from './system/machine-load.ts';
import { realClock } from './system/real-clock.ts';

export interface LendingTerms {
  readonly slots: number;
  /** `idle`: only while nobody needs the machine, and jobs that run then are sent home. */
  readonly when: 'always' | 'idle';
  /** `none`: bubblewrap does not run here, and the owner lends this machine all the same. */
  readonly sandbox: 'bubblewrap' | 'none';
}

export interface LendingParts {
  readonly foundation: Foundation;
  readonly identity: Identity;
  readonly teamId: string;
  readonly keyring: () => Keyring;
  readonly hub: FarmHub;
  readonly files: FileSource;
  readonly observer: () => string | undefined;
  /** The owner's own compiles that run now. */
  readonly ownJobs: () => number;
  readonly ownSlots: number;
  readonly onEnd: (failure: string | undefined) => void;
}

/** Who may have jobs run: those whose own word counts, and nobody who may only read. */
const submitters = ['writer', 'ci', 'admin'] as const;

export class Lending {
  readonly #parts: LendingParts;
  #worker: Worker | undefined;
  #terms: LendingTerms | undefined;
  #cgroup: JobCgroup | undefined;
  #owner: OwnerWatch | undefined;

  constructor(parts: LendingParts) {
    this.#parts = parts;
  }

  /** The terms on which this machine is lent now; undefined while it is not. */
  get terms(): LendingTerms | undefined {
    return this.#terms;
  }

  get jobs(): number {
    return this.#worker?.runningJobs ?? 0;
  }

  /** Whether the owner needs the machine now. */
  get isBusy(): boolean {
    return this.#owner?.isBusy ?? false;
  }

  /** A compile of the owner's has begun here. */
  ownJobBegan(): void {
    this.#owner?.ownJobBegan();
  }

  /** Lends again what was lent when the daemon ended. A reason against it is logged. */
  async resume(): Promise<void> {
    const { foundation } = this.#parts;
    const terms = readTerms(await readKept(this.#file()).catch(() => undefined));
    if (terms === undefined) return;
    await this.lend(terms).catch(error =>
      foundation.log.write('trouble', { what: 'lending', error: error.message }),
    );
  }

  /** Lends from now on, on these terms. NOT_ALLOWED without the role, BAD_INPUT where the machine does not let it. */
  async lend(terms: LendingTerms): Promise<void> {
    const { identity, keyring } = this.#parts;
    if (!keyring().hasRole(identity.key, 'worker')) {
      throw new CodedError('NOT_ALLOWED', 'this member does not have the role worker', {
        hint: 'an admin gives it, for example with: p2pcache trust <name> --roles writer,worker',
      });
    }
    const trouble = await this.trouble(terms.sandbox);
    if (trouble !== undefined) {
      const isSafe = terms.sandbox === 'none' ? '' : ' safely';
      throw new CodedError('BAD_INPUT', `jobs of others cannot run${isSafe} here: ${trouble}`, {
        hint: 'p2pcache doctor farm says more; Debian: apt-get install bubblewrap',
      });
    }
    this.#end();
    this.#begin(terms);
    await writeKept(this.#file(), terms);
  }

  /** Takes the machine back: jobs that run are sent home. */
  async takeBack(): Promise<void> {
    this.#end();
    await writeKept(this.#file(), null);
  }

  /** Why this machine cannot lend with this sandbox, in words for a person. */
  async trouble(sandbox: LendingTerms['sandbox']): Promise<string | undefined> {
    if (this.#parts.observer() === undefined) return 'the launcher is not set up yet (p2pcache env does it)';
    return sandbox === 'none' ? bareRootTrouble() : bubblewrapTrouble();
  }

  stop(): void {
    this.#end();
  }

  #begin(terms: LendingTerms): void {
    const { foundation, identity, teamId, keyring, hub, files, observer, onEnd } = this.#parts;
    this.#cgroup = JobCgroup.make(`p2pcache-jobs-${process.pid}`, {
      processes: jobProcessesMax * terms.slots,
      memoryBytes: jobMemoryBytesMax,
    });
    const mayRun = (member: MemberKey) => submitters.some(role => keyring().hasRole(member, role));
    this.#terms = terms;
    const owner = this.#watchOwner(terms);
    this.#owner = owner;
    const Sandbox = terms.sandbox === 'none' ? BareRoot : Bubblewrap;
    this.#worker = new Worker({
      identity,
      teamId,
      clock: realClock,
      dir: join(foundation.paths.dataDir, 'jobs'),
      sandbox: new Sandbox(observer()!, this.#cgroup),
      slots: terms.slots,
      files,
      maySubmit: member => mayRun(member) && keyring().hasRole(identity.key, 'worker'),
      isBusy: () => owner.isBusy,
      keepBlob: (digest, bytes) => foundation.disk.put(digest, bytes),
      onOffer: () => hub.tellOffers(),
      onEnd: (client, outcome, durationMs, detail) => {
        const failure = outcome.kind === 'done' ? undefined : outcome.reason;
        onEnd(failure);
        foundation.log.write('job', {
          for: keyring().members.get(client)?.name ?? client,
          outcome: failure ?? 'done',
          durationMs: Math.round(durationMs),
          ...(detail === '' ? {} : { detail }),
        });
      },
    });
    hub.lend(this.#worker);
  }

  #end(): void {
    this.#owner?.stop();
    this.#owner = undefined;
    this.#parts.hub.lend(undefined);
    this.#worker?.stop();
    this.#cgroup?.delete();
    this.#worker = undefined;
    this.#terms = undefined;
    this.#cgroup = undefined;
  }

  #watchOwner({ when }: LendingTerms): OwnerWatch {
    const { ownJobs, ownSlots } = this.#parts;
    return new OwnerWatch({
      clock: realClock,
      when,
      ownJobs,
      ownSlots,
      othersRunning: () => runnableCount() - 1 - (this.#worker?.runningJobs ?? 0),
      onLook: () => this.#worker?.look(),
      sendHome: () => this.#worker?.sendHome(),
    });
  }

  #file(): string {
    return join(this.#parts.foundation.paths.dataDir, 'lending.json');
  }
}

function readTerms(kept: unknown): LendingTerms | undefined {
  const { slots, when, sandbox } = (kept ?? {}) as Partial<LendingTerms>;
  if (!Number.isInteger(slots) || slots! < 1) return undefined;
  return {
    slots: slots!,
    when: when === 'idle' ? 'idle' : 'always',
    sandbox: sandbox === 'none' ? 'none' : 'bubblewrap',
  };
}
