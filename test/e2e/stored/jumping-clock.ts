import type { Clock } from '../../../src/kernel/clock.ts';

/** Time that passes as it does, and can be moved on: what was due meanwhile runs at once. */
export interface JumpingClock extends Clock {
  jump(ms: number): void;
  /** No timer runs any more, as in a process that is frozen or dead. */
  halt(): void;
  resume(): void;
}

interface Timer {
  readonly at: number;
  readonly task: () => void;
  handle: NodeJS.Timeout | undefined;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function createJumpingClock(): JumpingClock {
  const timers = new Set<Timer>();
  const wallStart = Date.now();
  const start = performance.now();
  let ahead = 0;
  let isHalted = false;
  const monotonic = () => performance.now() - start + ahead;

  const arm = (timer: Timer) => {
    clearTimeout(timer.handle);
    if (isHalted) return;
    const delayMs = Math.min(Math.max(0, timer.at - monotonic()), LONGEST_TIMER_MS);
    timer.handle = setTimeout(() => {
      timers.delete(timer);
      timer.task();
    }, delayMs);
  };
  const armAll = () => {
    for (const timer of [...timers].sort((one, other) => one.at - other.at)) arm(timer);
  };

  return {
    now: () => Math.floor(wallStart + monotonic()),
    monotonic,
    schedule(delayMs, task) {
      const timer: Timer = { at: monotonic() + delayMs, task, handle: undefined };
      timers.add(timer);
      arm(timer);
      return () => {
        clearTimeout(timer.handle);
        timers.delete(timer);
      };
    },
    jump(ms) {
      ahead += ms;
      armAll();
    },
    halt() {
      isHalted = true;
      armAll();
    },
    resume() {
      isHalted = false;
      armAll();
    },
  };
}
