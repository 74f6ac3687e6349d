/** The simulator's own time, so that throttles and latencies can be tested without waiting. */
export interface SimulatorClock {
  /** Milliseconds since the Unix epoch. Also dates every answer, so a skewed clock shows in its `Date` header. */
  now(): number;
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, task: () => void): () => void;
}

export const realClock: SimulatorClock = {
  now: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
