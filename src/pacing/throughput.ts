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
// By how much the halves of a time differ if the pace has changed meanwhile; by less, short pauses make it uneven.
const CHANGE = 0.25;
// How much the latest call counts in the mean time that they take.
const NEWS = 0.1;

const sum = (counts: readonly number[]) => counts.reduce((calls, count) => calls + count, 0);
const mean = (counts: readonly number[]) => sum(counts) / counts.length;

/** The later half alone, if it differs: while a rate is being found, what went before says nothing any more. */
function sincePaceChanged(counts: readonly number[]): readonly number[] {
  if (counts.length < 2 * LEAST_SECONDS) return counts;
  const middle = counts.length >> 1;
  const later = counts.slice(middle);
  const [before, since] = [mean(counts.slice(0, middle)), mean(later)];
  const isSame = Math.abs(since - before) <= CHANGE * Math.max(since, before);
  return isSame || sum(later) < LEAST_CALLS ? counts : sincePaceChanged(later);
}

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
      const counts = sincePaceChanged(grants.counts(busySince, until));
      return counts.length < LEAST_SECONDS || sum(counts) < LEAST_CALLS ? null : mean(counts);
    },
    atOnce(inFlight, now) {
      if (meanMs === null || now - waitedAt > GAP_MS) return null;
      return (inFlight * 1_000) / Math.max(1, meanMs);
    },
  };
}
