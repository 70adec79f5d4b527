// The machine's own time, for the domain's Clock.
import type { Clock } from '../../src/platform/clock.ts';

export const realClock: Clock = {
  nowMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
