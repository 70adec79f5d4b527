// Compiles that run on this machine: how many there are, and how long one takes that has a slot to itself.
import type { Clock } from '../platform/clock.ts';
import { CommandTimes, smooth } from './standings.ts';

interface LocalRun {
  readonly command: string;
  /** Whether a worker is at it as well. */
  readonly isRace: boolean;
}

export class LocalRuns {
  readonly slots: number;
  readonly #clock: Clock;
  readonly #running = new Set<LocalRun>();
  /** Those that have their place and are yet to begin. */
  readonly #reserved = new Set<LocalRun>();
  readonly #usual = new CommandTimes();
  #typicalMs: number | undefined;
  /** What one compile that ran all the time would have had of a slot of its own, in milliseconds. */
  #workedMs = 0;
  #atMs: number;
  #freeSinceMs = 0;

  constructor(clock: Clock, slots: number) {
    this.#clock = clock;
    this.slots = slots;
    this.#atMs = clock.nowMs();
  }

  get count(): number {
    return this.#running.size;
  }

  /** How many of them a worker is at as well. */
  get races(): number {
    let count = 0;
    for (const { isRace } of this.#running) if (isRace) count++;
    return count;
  }

  /** Since when a slot is free, in milliseconds since the epoch; undefined where none is. */
  get freeSinceMs(): number | undefined {
    return this.#running.size < this.slots ? this.#freeSinceMs : undefined;
  }

  /** How long a compile takes here that is not crowded. */
  get typicalMs(): number | undefined {
    return this.#typicalMs;
  }

  /** The same of this command. */
  usualMs(command: string): number | undefined {
    return this.#usual.of(command) ?? this.#typicalMs;
  }

  /** What a run of the command says of the usual one: commands that take long here are no measure of others as they are. */
  asTypical(command: string, ms: number): number {
    const usualMs = this.#usual.of(command);
    return usualMs === undefined || this.#typicalMs === undefined ? ms : (ms * this.#typicalMs) / usualMs;
  }

  /** A place for a run of this command that begins soon. */
  reserve(command: string, isRace: boolean): void {
    const run = { command, isRace };
    this.#advance();
    this.#running.add(run);
    this.#reserved.add(run);
  }

  /** One begins; the returned function tells of its end, and gives how long it would have taken by itself. */
  begin(command: string): () => number {
    let run: LocalRun | undefined = [...this.#reserved].find(reserved => reserved.command === command);
    if (run === undefined) this.reserve(command, false);
    run ??= [...this.#reserved].at(-1)!;
    this.#reserved.delete(run);
    this.#advance();
    const beganAtMs = this.#workedMs;
    return () => {
      this.#advance();
      this.#running.delete(run);
      if (this.#running.size === this.slots - 1) this.#freeSinceMs = this.#clock.nowMs();
      return this.#workedMs - beganAtMs;
    };
  }

  ran(command: string, ms: number): void {
    this.#typicalMs = smooth(this.#typicalMs, ms);
    this.#usual.note(command, ms);
  }

  /** Those that are crowded share the slots. */
  #advance(): void {
    const nowMs = this.#clock.nowMs();
    this.#workedMs += (nowMs - this.#atMs) * Math.min(1, this.slots / Math.max(1, this.#running.size));
    this.#atMs = nowMs;
  }
}
