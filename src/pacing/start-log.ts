/**
 * When the last calls started: so that no second sees more of them than the rate allows, however late some were and
 * however many are caught up with. Times are epoch milliseconds.
 */
export interface StartLog {
  started(at: number): void;
  /**
   * An answer came. One that took far longer than usual tells that the call may have arrived late, which is as if it had
   * started later.
   */
  answered(startedAt: number, now: number): void;
  /** When the `nth` call from now on, counted from 1, may start at that rate; in the past = at once. */
  opensAt(nth: number, rate: number): number;
}

// Windows are hardly ever shorter than a second; in longer ones a late call makes no difference.
const WINDOW_S = 1;
const MOST_STARTS = 1_024;
// More are not in flight.
const MOST_UNANSWERED = 128;
const MOST_LATE_MS = 100;
// The weights of the smoothed round-trip time and of its deviation, about those of RFC 6298.
const USUAL_WEIGHT = 1 / 16;
const DEVIATION_WEIGHT = 1 / 8;
const DEVIATIONS = 2;

export function createStartLog(): StartLog {
  const starts = new Float64Array(MOST_STARTS);
  let count = 0;
  let usualMs = Number.NaN;
  let deviationMs = 0;

  /** By how much an answer took longer than it may. */
  const excess = (tookMs: number) => {
    if (Number.isNaN(usualMs)) {
      usualMs = tookMs;
      deviationMs = tookMs / 2;
    }
    const lateMs = tookMs - usualMs - DEVIATIONS * deviationMs;
    deviationMs += (Math.abs(tookMs - usualMs) - deviationMs) * DEVIATION_WEIGHT;
    usualMs += (tookMs - usualMs) * USUAL_WEIGHT;
    return Math.min(MOST_LATE_MS, lateMs);
  };

  return {
    started(at) {
      starts[count++ % MOST_STARTS] = at;
    },
    answered(startedAt, now) {
      const lateMs = excess(now - startedAt);
      if (lateMs <= 0) return;
      const first = Math.max(0, count - MOST_UNANSWERED);
      for (let n = count - 1; n >= first; n--) {
        if (starts[n % MOST_STARTS] !== startedAt) continue;
        starts[n % MOST_STARTS] = startedAt + lateMs;
        return;
      }
    },
    opensAt(nth, rate) {
      const calls = Math.min(MOST_STARTS, Math.max(1, Math.ceil(rate * WINDOW_S)));
      if (nth > calls) return Number.POSITIVE_INFINITY;
      const before = count + nth - 1 - calls;
      return before < 0 ? Number.NEGATIVE_INFINITY : (starts[before % MOST_STARTS] as number) + (calls * 1_000) / rate;
    },
  };
}
