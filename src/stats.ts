// What the cache did for its person, counted: the daemon's one set of counters, kept across restarts.
import { reasonsMax } from './limits.ts';

/** Where a hit came from. */
export type Tier = 'memory' | 'disk' | 'peer';

/** Everything counted since the counters were last set to zero; all JSON-able. */
export interface StatsSnapshot {
  readonly hits: Readonly<Record<Tier, number>>;
  readonly misses: number;
  /** Commands passed through without caching, by reason. */
  readonly uncached: Readonly<Record<string, number>>;
  /** Data from outside that was refused (bad signature, flipped bit, oversized frame, garbage), by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Builds that went on without the cache because something of ours failed, by reason. */
  readonly fallbacks: Readonly<Record<string, number>>;
  /** Results that cannot be shared as widely as others, by reason: hits that teammates and other folders do without. */
  readonly lost: Readonly<Record<string, number>>;
  /** Hits by the member whose machine answered. */
  readonly peers: Readonly<Record<string, number>>;
  readonly bytes: { readonly restored: number; readonly stored: number; readonly fromPeers: number };
  /** What the hits would have taken to run, less nothing: the sum of their records' durations, in milliseconds. */
  readonly savedMs: number;
  /** When counting began, milliseconds since the epoch. */
  readonly sinceMs: number;
}

export interface Hit {
  /** What the result took to make, by its record, in milliseconds. */
  readonly savedMs: number;
  readonly bytes: number;
  /** The name of the member whose machine answered, for a peer hit. */
  readonly member?: string;
}

export class Stats {
  #counts: Counts;

  constructor(nowMs: number, saved?: unknown) {
    this.#counts = read(saved) ?? emptyCounts(nowMs);
  }

  hit(tier: Tier, { savedMs, bytes, member }: Hit): void {
    this.#counts.hits[tier] += 1;
    this.#counts.savedMs += savedMs;
    this.#counts.bytes.restored += bytes;
    if (tier !== 'peer') return;
    this.#counts.bytes.fromPeers += bytes;
    if (member !== undefined) count(this.#counts.peers, member);
  }

  miss(): void {
    this.#counts.misses += 1;
  }

  uncached(reason: string): void {
    count(this.#counts.uncached, reason);
  }

  refused(reason: string): void {
    count(this.#counts.refused, reason);
  }

  fallback(reason: string): void {
    count(this.#counts.fallbacks, reason);
  }

  /** A result was kept that only some can use. */
  lost(reason: string): void {
    count(this.#counts.lost, reason);
  }

  stored(bytes: number): void {
    this.#counts.bytes.stored += bytes;
  }

  /** A copy that no later count changes. */
  snapshot(): StatsSnapshot {
    return structuredClone(this.#counts);
  }

  /** Starts counting from nothing. */
  zero(nowMs: number): void {
    this.#counts = emptyCounts(nowMs);
  }
}

interface Counts {
  hits: Record<Tier, number>;
  misses: number;
  uncached: Record<string, number>;
  refused: Record<string, number>;
  fallbacks: Record<string, number>;
  lost: Record<string, number>;
  peers: Record<string, number>;
  bytes: { restored: number; stored: number; fromPeers: number };
  savedMs: number;
  sinceMs: number;
}

function emptyCounts(sinceMs: number): Counts {
  return {
    hits: { memory: 0, disk: 0, peer: 0 },
    misses: 0,
    uncached: {},
    refused: {},
    fallbacks: {},
    lost: {},
    peers: {},
    bytes: { restored: 0, stored: 0, fromPeers: 0 },
    savedMs: 0,
    sinceMs,
  };
}

// Reasons can be named by what comes from outside, so their number is bounded: the rest share one line.
function count(counts: Record<string, number>, reason: string): void {
  const name = Object.hasOwn(counts, reason) || Object.keys(counts).length < reasonsMax ? reason : 'other';
  counts[name] = (Object.hasOwn(counts, name) ? counts[name]! : 0) + 1;
}

/** What an earlier snapshot holds, or undefined where it is not one (a torn or foreign file is no reason to fail). Counters
 * that an earlier version did not have begin at nothing. */
function read(saved: unknown): Counts | undefined {
  const empty = emptyCounts(0);
  if (typeof saved !== 'object' || saved === null || !('hits' in saved)) return undefined;
  const known = Object.keys(empty).map(name => [name, (saved as Record<string, unknown>)[name]]);
  const counts = { ...empty, ...Object.fromEntries(known.filter(([, value]) => value !== undefined)) };
  return isShapedLike(empty, counts) ? structuredClone(counts) : undefined;
}

function isShapedLike(model: unknown, value: unknown): boolean {
  if (typeof model === 'number') return typeof value === 'number' && Number.isFinite(value) && value >= 0;
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.entries(model as Record<string, unknown>);
  if (entries.length === 0) return Object.values(value).every(each => isShapedLike(0, each));
  return entries.every(([name, part]) => isShapedLike(part, (value as Record<string, unknown>)[name]));
}
