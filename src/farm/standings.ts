// What this machine thinks of each worker: how long a job usually takes there, and whether it has failed of late;
// and how long each command took.
import { breakerOpenMsMax, breakerOpenMsMin } from '../limits.ts';
import type { MemberKey } from '../team/identity.ts';

export class Standing {
  /** Undefined as long as none of our jobs has run there, in milliseconds. */
  typicalMs: number | undefined;
  #failures = 0;
  #openUntilMs = 0;

  ran(runMs: number): void {
    this.typicalMs = smooth(this.typicalMs, runMs);
  }

  answered(): void {
    this.#failures = 0;
  }

  /** It is left alone for a while, longer after every further failure. */
  failed(nowMs: number): void {
    if (this.isAvoided(nowMs)) return;
    this.#openUntilMs = nowMs + Math.min(breakerOpenMsMax, breakerOpenMsMin * 2 ** this.#failures);
    this.#failures++;
  }

  isAvoided(nowMs: number): boolean {
    return this.#openUntilMs > nowMs;
  }
}

export class Standings {
  readonly #of = new Map<MemberKey, Standing>();
  readonly #usualMs = new Map<string, number>();

  /** A job with this command took this long at a worker. */
  ran(member: MemberKey, command: string, runMs: number): void {
    this.of(member).ran(runMs);
    if (this.#usualMs.size >= commandsMax) this.#usualMs.clear();
    this.#usualMs.set(command, runMs);
  }

  /** How long the command took before, in milliseconds; undefined where it is not known. */
  usualMs(command: string): number | undefined {
    return this.#usualMs.get(command);
  }

  of(member: MemberKey): Standing {
    let standing = this.#of.get(member);
    if (standing === undefined) {
      standing = new Standing();
      this.#of.set(member, standing);
    }
    return standing;
  }
}

const smoothing = 0.25;
const commandsMax = 10_000;

/** The usual duration after one more. */
export function smooth(before: number | undefined, now: number): number {
  return before === undefined ? now : before + smoothing * (now - before);
}
