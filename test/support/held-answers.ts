import type { SimulatorClock } from '../../src/simulator/clock.ts';

/** A clock for a simulator, on which whatever is delayed waits until the test has seen enough. */
export interface HeldAnswers extends SimulatorClock {
  /** Lets the answers go that wait by now. */
  release(): void;
}

/** In a simulator's script: an answer that waits. A call with it counts as soon as it has been read. */
export const HELD = { delayMs: 1 } as const;

export function createHeldAnswers(): HeldAnswers {
  const held = new Set<() => void>();
  return {
    now: () => Date.now(),
    schedule(_delayMs, task) {
      held.add(task);
      return () => void held.delete(task);
    },
    release() {
      const tasks = [...held];
      held.clear();
      for (const task of tasks) task();
    },
  };
}
