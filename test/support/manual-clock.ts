import type { Clock } from '../../src/kernel/clock.ts';

export interface ManualClock extends Clock {
  /** Moves time on, running what is due in order, and lets promises that it resolved go on in between. */
  advance(ms: number): Promise<void>;
  /** How many timers wait. */
  readonly pending: number;
}

/** A clock that stands still until it is told to move. */
export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startMs;
  let serial = 0;
  const timers = new Map<number, { at: number; task: () => void }>();

  const nextDue = (until: number) =>
    [...timers].filter(([, { at }]) => at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];

  return {
    now: () => now,
    monotonic: () => now,
    schedule(delayMs, task) {
      const id = ++serial;
      timers.set(id, { at: now + Math.max(0, delayMs), task });
      return () => void timers.delete(id);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        const [id, { at, task }] = due;
        timers.delete(id);
        now = Math.max(now, at);
        task();
        await settle();
      }
      now = until;
      await settle();
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Lets every promise that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
