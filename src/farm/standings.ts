// What this machine thinks of each worker: how long a job usually takes there, whether it has failed of late or is too slow to be
// of use; and how long each command took.
import { breakerOpenMsMax, breakerOpenMsMin } from '../limits.ts';
import type { MemberKey } from '../team/identity.ts';

/** A worker that gave reason to is left alone for a while, longer every time, and then tried with one job. */
class Breaker {
  #times = 0;
  #openUntilMs = 0;

  open(nowMs: number): void {
    if (this.isOpen(nowMs)) return;
    this.#openUntilMs = nowMs + Math.min(breakerOpenMsMax, breakerOpenMsMin * 2 ** this.#times);
    this.#times++;
  }

  close(): void {
    this.#times = 0;
    this.#openUntilMs = 0;
  }

  /** It may be tried at once, as if that were the first time. */
  retry(): void {
    if (this.#times === 0) return;
    this.#times = 1;
    this.#openUntilMs = 0;
  }

  isOpen(nowMs: number): boolean {
    return this.#openUntilMs > nowMs;
  }

  /** Whether it has not shown itself better since it was last opened. */
  get isDoubted(): boolean {
    return this.#times > 0;
  }
}

export class Standing {
  /** Undefined as long as none of our jobs has run there, in milliseconds. */
  typicalMs: number | undefined;
  readonly failures = new Breaker();
  readonly slowness = new Breaker();
  /** When a job of ours last came back from there in fair time: what has run since before that is long by itself. */
  fairAtMs = Number.NEGATIVE_INFINITY;

  /** What is far quicker than was thought says more than what was thought. */
  ran(runMs: number): void {
    const isFarQuicker = this.typicalMs !== undefined && runMs < this.typicalMs / farQuicker;
    this.typicalMs = isFarQuicker ? runMs : smooth(this.typicalMs, runMs);
  }

  /** A job that did not come to its end ran for so long. */
  ranAtLeast(runMs: number): void {
    this.typicalMs = Math.max(this.typicalMs ?? 0, runMs);
  }
}

export class Standings {
  readonly #of = new Map<MemberKey, Standing>();
  /** How long each command took at a worker. */
  readonly usual = new CommandTimes();

  of(member: MemberKey): Standing {
    let standing = this.#of.get(member);
    if (standing === undefined) {
      standing = new Standing();
      this.#of.set(member, standing);
    }
    return standing;
  }

  /** Something new begins: whoever was slow may be better now. */
  retrySlow(): void {
    for (const { slowness } of this.#of.values()) slowness.retry();
  }
}

/** How long each command took last, in milliseconds. */
export class CommandTimes {
  readonly #ms = new Map<string, number>();

  note(command: string, ms: number): void {
    if (this.#ms.size >= commandsMax) this.#ms.clear();
    this.#ms.set(command, ms);
  }

  of(command: string): number | undefined {
    return this.#ms.get(command);
  }
}

const smoothing = 0.25;
const farQuicker = 3;
const commandsMax = 10_000;

/** The usual duration after one more. */
export function smooth(before: number | undefined, now: number): number {
  return before === undefined ? now : before + smoothing * (now - before);
}
