// A clock that stands still until the test moves it.
import type { Clock } from '../../src/platform/clock.ts';

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #scheduled = new Set<{ readonly dueAtMs: number; readonly callback: () => void }>();

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const entry = { dueAtMs: this.#nowMs + delayMs, callback };
    // Work that only yields its turn needs no test to move the clock.
    if (delayMs === 0) setImmediate(() => this.#run(entry));
    this.#scheduled.add(entry);
    return () => this.#scheduled.delete(entry);
  }

  /** Moves time on, running what falls due in the order of its time. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const due = [...this.#scheduled].filter(entry => entry.dueAtMs <= untilMs);
      const next = due.sort((a, b) => a.dueAtMs - b.dueAtMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueAtMs);
      this.#run(next);
    }
    this.#nowMs = untilMs;
  }

  #run(entry: { readonly dueAtMs: number; readonly callback: () => void }): void {
    if (this.#scheduled.delete(entry)) entry.callback();
  }
}
