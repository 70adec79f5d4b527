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
  const { members, askedMax, clock, ranking, isHedged } = question;
  const queue = members.slice(0, askedMax);
  return new Promise(resolve => {
    let underWay = 0;
    let cancelHedge = () => {};
    const finish = (told: Told<Answer> | undefined) => {
      cancelHedge();
      stop.removeEventListener('abort', onStop);
      resolve(told);
    };
    const onStop = () => finish(undefined);
    stop.addEventListener('abort', onStop, { once: true });
    const next = () => {
      cancelHedge();
      const member = queue.shift();
      if (member === undefined) {
        if (underWay === 0) finish(undefined);
        return;
      }
      underWay += 1;
      if (isHedged) cancelHedge = clock.schedule(ranking.hedgeDelayMs(member), next);
      void askOne(question, member, stop).then(answer => {
        underWay -= 1;
        if (answer !== undefined) finish({ answer, member });
        else next();
      });
    };
    next();
  });
}

/** The member's answer; undefined where it has none or failed. Keeps the ranking informed. */
async function askOne<Answer>(
  { ask, clock, ranking, deadlineMs, isHedged }: Question<Answer>,
  member: MemberKey,
  stop: AbortSignal,
): Promise<Answer | undefined> {
  const startedMs = clock.nowMs();
  try {
    const answer = await ask(member, stop);
    // Times are compared between small answers only; a large blob takes as long as it is large.
    ranking.answered(member, isHedged ? clock.nowMs() - startedMs : undefined);
    return answer;
  } catch {
    // Being outrun by another member is no failure; letting the whole deadline pass is.
    const waitedMs = clock.nowMs() - startedMs;
    if (!stop.aborted || waitedMs >= 0.9 * deadlineMs) ranking.failed(member);
    else if (isHedged) ranking.outrun(member, waitedMs);
    return undefined;
  }
}
