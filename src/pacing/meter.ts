/** What one process may send of an account. */
export interface Allowance {
  /** Messages per second; Infinity = as fast as they come. */
  readonly rate: number;
  /** How many may go at once after a pause. */
  readonly burst: number;
}

/** Spaces out calls: a token bucket that is filled at the allowed rate. Times are epoch milliseconds. */
export interface Meter {
  /** How many calls may start now; Infinity without a rate. */
  room(now: number): number;
  /** When the next one may start. */
  opensAt(now: number): number;
  /** Takes a token. True if more calls went together than the rate alone allows. */
  take(now: number): boolean;
  /** After a pause: so much was saved up meanwhile, counted from `since`. */
  reset(tokens: number, since: number): void;
}

// A timer comes late by some milliseconds, which must not cost a part of every token.
const LATENESS_MS = 8;
const LEAST_SLACK = 0.1;

export function createMeter(allowance: () => Allowance): Meter {
  let tokens = 1;
  let filledAt = 0;

  const fill = (now: number) => {
    const { rate, burst } = allowance();
    const most = burst + Math.max(LEAST_SLACK, (rate * LATENESS_MS) / 1_000);
    tokens = Math.min(most, tokens + (Math.max(0, now - filledAt) * rate) / 1_000);
    filledAt = now;
  };

  return {
    room(now) {
      if (allowance().rate === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
      fill(now);
      return Math.max(0, Math.floor(tokens));
    },
    opensAt(now) {
      const { rate } = allowance();
      if (rate === Number.POSITIVE_INFINITY) return now;
      fill(now);
      // Rounded up: a timer that is early by a fraction finds nothing.
      return tokens >= 1 ? now : now + Math.ceil(((1 - tokens) * 1_000) / rate);
    },
    take(now) {
      if (allowance().rate === Number.POSITIVE_INFINITY) return false;
      fill(now);
      tokens--;
      return tokens >= 1;
    },
    reset(saved, since) {
      tokens = saved;
      filledAt = since;
    },
  };
}
