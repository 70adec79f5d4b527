// Whom to ask first, and whom not to ask for a while: answer times by member, and a circuit breaker for each, so that a
// frozen teammate costs one deadline and not one per compile.
import { breakerOpenMsMax, breakerOpenMsMin, hedgeDelayMsMax, hedgeDelayMsMin } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { MemberKey } from '../team/identity.ts';

interface Standing {
  /** Smoothed time to answer and smoothed deviation from it, as TCP keeps them for its retransmission timer. */
  answerMs: number;
  deviationMs: number;
  failures: number;
  /** Not asked before this time, except by one probe after it. */
  openUntilMs: number;
}

const standingsMax = 4096;

export class PeerRanking {
  readonly #clock: Clock;
  readonly #standings = new Map<MemberKey, Standing>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those worth asking now, fastest first; members whose breaker is open are left out. Members not yet asked come after
   * proven ones, so that a newcomer is tried when nobody better has it. */
  best(members: readonly MemberKey[]): MemberKey[] {
    const now = this.#clock.nowMs();
    const closed = members.filter(member => (this.#standings.get(member)?.openUntilMs ?? 0) <= now);
    return closed.sort((a, b) => this.#expectedMs(a) - this.#expectedMs(b));
  }

  /** How long to wait for this member before someone else is asked too: about its p95. */
  hedgeDelayMs(member: MemberKey): number {
    const standing = this.#standings.get(member);
    if (standing === undefined || standing.answerMs === 0) return hedgeDelayMsMax / 2;
    const p95 = standing.answerMs + 4 * standing.deviationMs;
    return Math.min(hedgeDelayMsMax, Math.max(hedgeDelayMsMin, p95));
  }

  /** It answered; `tookMs` where the time says something about the member rather than about the question. */
  answered(member: MemberKey, tookMs: number | undefined): void {
    const standing = this.#standingOf(member);
    if (tookMs !== undefined) observe(standing, tookMs);
    standing.failures = 0;
    standing.openUntilMs = 0;
  }

  /** Someone else answered first after this member had been waited for: it ranks behind, and a frozen one falls back
   * although it never fails outright. */
  outrun(member: MemberKey, waitedMs: number): void {
    const standing = this.#standingOf(member);
    if (waitedMs > standing.answerMs) observe(standing, waitedMs);
  }

  /** It did not answer, or answered with garbage: it is left alone, twice as long with each failure in a row. Failures of
   * requests that were under way when the breaker opened count once. */
  failed(member: MemberKey): void {
    const standing = this.#standingOf(member);
    const now = this.#clock.nowMs();
    if (standing.openUntilMs > now) return;
    const openMs = Math.min(breakerOpenMsMax, breakerOpenMsMin * 2 ** standing.failures);
    standing.failures += 1;
    standing.openUntilMs = now + openMs;
  }

  /** A fresh connection deserves a fresh start. */
  forgive(member: MemberKey): void {
    this.#standings.delete(member);
  }

  #expectedMs(member: MemberKey): number {
    const standing = this.#standings.get(member);
    return standing === undefined || standing.answerMs === 0 ? hedgeDelayMsMax : standing.answerMs;
  }

  #standingOf(member: MemberKey): Standing {
    let standing = this.#standings.get(member);
    if (standing === undefined) {
      if (this.#standings.size >= standingsMax) this.#standings.clear();
      standing = { answerMs: 0, deviationMs: 0, failures: 0, openUntilMs: 0 };
      this.#standings.set(member, standing);
    }
    return standing;
  }
}

function observe(standing: Standing, tookMs: number): void {
  const isFirst = standing.answerMs === 0;
  const error = Math.abs(tookMs - standing.answerMs);
  standing.deviationMs = isFirst ? tookMs / 2 : standing.deviationMs + (error - standing.deviationMs) / 4;
  standing.answerMs = isFirst ? Math.max(tookMs, 0.1) : standing.answerMs + (tookMs - standing.answerMs) / 8;
}
