// Where a job runs: the place that is predicted to finish it first. Pure, so that every rule is a test. Each client places its
// own jobs. Of places that are as good, each job takes the one of the lowest rank, which is random but the same at every
// client: clients that know the same do not all run to the same worker, and two that want the same compile meet at one.
import type { MemberKey } from '../team/identity.ts';

/** This machine, or a worker, as its client sees it. */
export interface Place {
  readonly slots: number;
  /** Jobs that run or wait there: everyone's, as far as is known. */
  readonly jobs: number;
  /** How long a job takes there once it runs, in milliseconds; undefined as long as none has. */
  readonly typicalMs: number | undefined;
}

export interface HerePlace extends Place {
  /** How many of its jobs a worker is at as well: they take no slot from others. */
  readonly races: number;
}

export interface WorkerPlace extends Place {
  readonly member: MemberKey;
  /** This worker's for this job, in [0, 1): by chance, but the same for whoever wants the same job. */
  readonly rank: number;
  /** What sending a job and getting its result takes beside the run, in milliseconds. */
  readonly overheadMs: number;
  /** How long until a slot there is free for it, where that is known, in milliseconds. */
  readonly freeInMs?: number | undefined;
  /** It takes no more than it has. */
  readonly isFull?: boolean;
}

export type Placement =
  | { readonly at: 'here' }
  | { readonly at: 'worker'; readonly member: MemberKey }
  /** Every place is full: better wait for one than crowd this machine. */
  | { readonly at: 'later' };

/** Taken for a place where nothing has run yet, and nowhere else either. */
const typicalMsDefault = 1_000;
/** Jobs that wait at a worker so that its slots never stand idle for a round trip: once a slot is soon free, where that is known. */
const waitingPerWorker = 1;
/** What is soon, in milliseconds and in parts of a usual run. */
const soonMs = 500;
const soonFactor = 0.1;
/** Below this many workers with a free slot all are compared; two of few would too often miss the best. */
const comparedMax = 8;

/** Predictions that differ by less are the same. */
const alikeFactor = 1.1;

/** The place for a job. This machine is taken where it is predicted to finish no later than the best worker. */
export function choosePlace(here: HerePlace, workers: readonly WorkerPlace[]): Placement {
  const known = [here, ...workers].map(place => place.typicalMs).filter(ms => ms !== undefined);
  const assumedMs = known.length === 0 ? typicalMsDefault : Math.min(...known);
  const hasRoomHere = here.jobs - here.races < here.slots;
  const open = workers.filter(({ isFull }) => isFull !== true);
  const free = open.filter(worker => worker.jobs < worker.slots);
  const waiting = open.filter(
    worker => worker.jobs < worker.slots + waitingPerWorker && maySoonBegin(worker),
  );
  const compared = pick(free.length > 0 ? free : hasRoomHere ? [] : waiting);
  const soonestMs = Math.min(...compared.map(worker => finishMs(worker, assumedMs)));
  const best = compared.find(worker => finishMs(worker, assumedMs) <= soonestMs * alikeFactor);
  if (hasRoomHere && (best === undefined || predictedMs(here, assumedMs) <= finishMs(best, assumedMs)))
    return { at: 'here' };
  return best === undefined ? { at: 'later' } : { at: 'worker', member: best.member };
}

/** Where others' jobs run nobody here knows when they end: whoever waits there has the next turn. */
function maySoonBegin({ freeInMs, typicalMs }: WorkerPlace): boolean {
  return freeInMs === undefined || isSoon(freeInMs, typicalMs);
}

/** Whether what happens in so many milliseconds happens soon, where a run usually takes so long. */
export function isSoon(inMs: number, typicalMs = 0): boolean {
  return inMs < Math.max(soonMs, soonFactor * typicalMs);
}

/** When a job that is sent there now is predicted to be done, in milliseconds from now. */
export function finishMs(worker: WorkerPlace, assumedMs: number): number {
  const { overheadMs, freeInMs, typicalMs } = worker;
  return (
    overheadMs +
    (freeInMs === undefined ? predictedMs(worker, assumedMs) : freeInMs + (typicalMs || assumedMs))
  );
}

/**
 * How long until a slot is free at a worker, in milliseconds, by how long its jobs have run and what is usual there. A job that
 * has outlasted the usual by half may take any time.
 */
export function slotFreeInMs(ranMs: readonly number[], typicalMs: number | undefined): number {
  if (typicalMs === undefined) return Number.POSITIVE_INFINITY;
  const left = ranMs.map(ms => (ms > 1.5 * typicalMs ? Number.POSITIVE_INFINITY : typicalMs - ms));
  return Math.max(0, Math.min(...left, Number.POSITIVE_INFINITY));
}

function predictedMs({ slots, jobs, typicalMs = 0 }: Place, assumedMs: number): number {
  const runMs = typicalMs || assumedMs;
  const waitMs = (Math.max(0, jobs + 1 - slots) * runMs) / Math.max(1, slots);
  return waitMs + runMs;
}

/** By rank: all of a few, two of many. */
function pick(workers: readonly WorkerPlace[]): WorkerPlace[] {
  const ranked = workers.toSorted((a, b) => a.rank - b.rank);
  return ranked.length <= comparedMax ? ranked : ranked.slice(0, 2);
}
