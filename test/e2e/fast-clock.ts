import type { Clock } from '../../src/kernel/clock.ts';

/**
 * A clock on which time passes `factor` times as fast, for tests that go through real sockets: a stated wait of a
 * second is over in 50 ms and can still be measured.
 */
export function createFastClock(factor: number): Clock {
  const start = Date.now();
  const monotonicStart = performance.now();
  const elapsed = () => (performance.now() - monotonicStart) * factor;
  return {
    // Whole, as the times of a real clock are.
    now: () => start + Math.floor(elapsed()),
    monotonic: elapsed,
    schedule(delayMs, task) {
      const timer = setTimeout(task, Math.max(delayMs, 0) / factor);
      return () => clearTimeout(timer);
    },
  };
}
