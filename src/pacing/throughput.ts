import { createLastSeconds } from './last-seconds.ts';

/**
 * What really goes while somebody waits, short pauses included: the rate that is allowed is at times a trial, and without
 * one the calls themselves take their time. Times are epoch milliseconds.
 */
export interface Throughput {
  granted(calls: number, now: number): void;
  /** A call of this process was granted, so long after it began. */
  took(ms: number): void;
  /** Somebody waits. */
  waited(now: number): void;
  /** A pause has ended. */
  reopened(pauseMs: number, now: number): void;
  /** Calls per second, null unless somebody has waited all the time for some seconds. */
  perSecond(until: number): number | null;
  /** Calls per second if so many are always in flight; null unless somebody waits now. */
  atOnce(inFlight: number, now: number): number | null;
}

// Whoever waits looks twice a second.
const GAP_MS = 2_000;
// Fewer seconds, or calls, are too few to tell a rate from.
const LEAST_SECONDS = 5;
const LEAST_CALLS = 5;
// A longer pause is no part of the usual pace: who waits in it is told when it ends.
const LONG_PAUSE_MS = 5_000;
// How much the latest call counts in the mean time that they take.
const NEWS = 0.1;

export function createThroughput(): Throughput {
  const grants = createLastSeconds();
  let busySince = 0;
  let waitedAt = Number.NEGATIVE_INFINITY;
  let meanMs: number | null = null;

  return {
    granted: grants.add,
    took(ms) {
      meanMs = meanMs === null ? ms : meanMs + NEWS * (ms - meanMs);
    },
    waited(now) {
      if (now - waitedAt > GAP_MS) busySince = now;
      waitedAt = now;
    },
    reopened(pauseMs, now) {
      if (pauseMs > LONG_PAUSE_MS) busySince = now;
    },
    perSecond(until) {
      if (until - waitedAt > GAP_MS) return null;
      const counts = grants.counts(busySince, until);
      const calls = counts.reduce((sum, count) => sum + count, 0);
      return counts.length < LEAST_SECONDS || calls < LEAST_CALLS ? null : calls / counts.length;
    },
    atOnce(inFlight, now) {
      if (meanMs === null || now - waitedAt > GAP_MS) return null;
      return (inFlight * 1_000) / Math.max(1, meanMs);
    },
  };
}
