// A job that may run at two workers at once: the first outcome that is of use counts, and the other run is cancelled.
import type { OfferingWorker } from './farm-network.ts';

export interface Raced<Outcome> {
  readonly outcome: Outcome;
  readonly from: OfferingWorker;
}

/**
 * Starts with one worker; `start` is handed a function that adds another. An outcome that decides nothing counts only once
 * nobody else is at it. Rejects as a run does, with the signal's reason too.
 */
export async function race<Outcome>(
  first: OfferingWorker,
  start: (
    worker: OfferingWorker,
    add: (other: OfferingWorker) => void,
    signal: AbortSignal,
  ) => Promise<Outcome>,
  decides: (outcome: Outcome) => boolean,
  signal: AbortSignal,
): Promise<Raced<Outcome>> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const decided = Promise.withResolvers<Raced<Outcome>>();
  let running = 0;
  const enter = async (worker: OfferingWorker): Promise<void> => {
    running++;
    const outcome = await start(worker, other => void enter(other).catch(decided.reject), stop);
    running--;
    if (running === 0 || decides(outcome)) decided.resolve({ outcome, from: worker });
  };
  enter(first).catch(decided.reject);
  return decided.promise.finally(() => over.abort(new Error('another worker was faster')));
}
