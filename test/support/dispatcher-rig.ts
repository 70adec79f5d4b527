// A dispatcher on virtual time with two workers, one slot here, and a list of what it had done for jobs that were sent.
import type { Digest } from '../../src/digest.ts';
import { type Chosen, Dispatcher, type SentTold } from '../../src/farm/dispatcher.ts';
import type { OfferingWorker } from '../../src/farm/farm-network.ts';
import type { Runners } from '../../src/farm/sent-jobs.ts';
import { generateIdentity, type MemberKey } from '../../src/team/identity.ts';
import { ManualClock } from './manual-clock.ts';

export const [a, b] = [generateIdentity().key, generateIdentity().key] as [MemberKey, MemberKey];

export function offering(member: MemberKey, jobs: number, slots = 1): OfferingWorker {
  return { member, session: 0, offer: { slots, jobs, isOpen: true, running: [] } };
}

export class DispatcherRig {
  readonly clock = new ManualClock();
  workers: OfferingWorker[] = [offering(a, 1), offering(b, 0)];
  readonly told: string[] = [];
  readonly dispatcher: Dispatcher;

  constructor(localSlots = 1) {
    this.dispatcher = new Dispatcher({
      network: {
        workers: () => this.workers,
        run: () => Promise.reject(new Error()),
        prepare: () => {},
        onChange: () => () => {},
      },
      clock: this.clock,
      localSlots,
      mayWork: () => true,
      onRunsHere: () => {},
      onRanHere: () => {},
    });
  }

  /** A compile that runs here for so long, alone. */
  runHere(command: string, ms: number): void {
    const end = this.dispatcher.runsHere(command);
    this.clock.advance(ms);
    end(true);
  }

  /** A job at a worker that has yet to begin there. */
  send(
    command: string,
    at: OfferingWorker = this.workers[0]!,
    runners: Runners = { isAtTwo: false, isHere: false, isOver: false },
    joins = false,
  ): SentTold {
    return this.dispatcher.sends(at, {
      command,
      mayMove: true,
      joins,
      runners,
      move: () => this.told.push(`move ${command}`),
      race: ({ member }) => this.told.push(`race ${command} at ${member === b ? 'b' : 'a'}`),
      raceHere: () => this.told.push(`race ${command} here`),
    });
  }

  place(command: string, sizeBytes: number, mayJoin = false): Promise<Chosen> {
    const job = { command: command as Digest, sizeBytes, mayJoin };
    return this.dispatcher.place(job, new AbortController().signal);
  }

  /** `mayJoin`: as if the same ran nowhere, where that is left out. */
  async placeOf(command: string, mayJoin = false): Promise<string> {
    let chosen: Chosen | undefined;
    void this.place(command, 0, mayJoin).then(place => (chosen = place));
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
    if (chosen === undefined) return 'later';
    if (chosen.at === 'here') return 'here';
    return `${chosen.at === 'join' ? 'join ' : ''}${chosen.member === a ? 'a' : 'b'}`;
  }
}
