// One question to several teammates in turn: the next is asked when the one before failed, had nothing, or is slower than
// it usually is. The first answer wins and the others are told to stop.
import { type Clock, deadline } from '../platform/clock.ts';
import type { MemberKey } from '../team/identity.ts';
import type { PeerRanking } from './peer-ranking.ts';

export interface Question<Answer> {
  /** Whom to ask, best first; at most `askedMax` of them are. */
  readonly members: readonly MemberKey[];
  readonly askedMax: number;
  /** Undefined: the member has nothing. Rejecting: it failed. */
  ask(member: MemberKey, signal: AbortSignal): Promise<Answer | undefined>;
  readonly deadlineMs: number;
  /** Whether a slow member is raced by the next; otherwise the next is asked only after a failure. */
  readonly isHedged: boolean;
  readonly clock: Clock;
  readonly ranking: PeerRanking;
  readonly signal?: AbortSignal | undefined;
}

export interface Told<Answer> {
  readonly answer: Answer;
  readonly member: MemberKey;
}

/** The first answer, or undefined: nobody has it, or nobody said so in time. Rejects only with the caller's signal. */
export async function askInTurn<Answer>(question: Question<Answer>): Promise<Told<Answer> | undefined> {
  const { clock, deadlineMs, signal } = question;
  signal?.throwIfAborted();
  if (question.members.length === 0) return undefined;
  const limit = deadline(clock, deadlineMs, signal);
  const losers = new AbortController();
  try {
    const stop = AbortSignal.any([limit.signal, losers.signal]);
    const told = await race(question, stop);
    signal?.throwIfAborted();
    return told;
  } finally {
    losers.abort(new Error('someone else answered'));
    limit.dispose();
  }
}

/** Starts one member after the other until one answers, all are done, or `stop` fires. */
function race<Answer>(question: Question<Answer>, stop: AbortSignal): Promise<Told<Answer> | undefined> {
  const { members, askedMax, clock, ranking, isHedged, ask } = question;
  const queue = members.slice(0, askedMax);
  /** Since when each member that is asked now has been waited for. */
  const underWay = new Map<MemberKey, number>();
  return new Promise(resolve => {
    let cancelHedge = () => {};
    const finish = (told: Told<Answer> | undefined) => {
      cancelHedge();
      stop.removeEventListener('abort', onStop);
      // At once, not when the askers notice: the next question must already know whom not to ask.
      for (const [member, sinceMs] of underWay) leaveBehind(question, member, clock.nowMs() - sinceMs);
      underWay.clear();
      resolve(told);
    };
    const onStop = () => finish(undefined);
    stop.addEventListener('abort', onStop, { once: true });
    const settle = (member: MemberKey, answer: Answer | undefined, hasFailed: boolean) => {
      const sinceMs = underWay.get(member);
      if (sinceMs === undefined) return;
      underWay.delete(member);
      // Times are compared between small answers only; a large blob takes as long as it is large.
      if (hasFailed) ranking.failed(member);
      else ranking.answered(member, isHedged ? clock.nowMs() - sinceMs : undefined);
      if (answer !== undefined) finish({ answer, member });
      else next();
    };
    const next = () => {
      cancelHedge();
      const member = queue.shift();
      if (member === undefined) {
        if (underWay.size === 0) finish(undefined);
        return;
      }
      underWay.set(member, clock.nowMs());
      if (isHedged) cancelHedge = clock.schedule(ranking.hedgeDelayMs(member), next);
      ask(member, stop).then(
        answer => settle(member, answer, false),
        () => settle(member, undefined, true),
      );
    };
    next();
  });
}

/** What it means for a member that the question ended without its answer: being outrun by another is no failure; letting
 * the whole deadline pass is. */
function leaveBehind<Answer>(
  { ranking, deadlineMs, isHedged }: Question<Answer>,
  member: MemberKey,
  waitedMs: number,
): void {
  if (waitedMs >= 0.9 * deadlineMs) ranking.failed(member);
  else if (isHedged) ranking.outrun(member, waitedMs);
}
