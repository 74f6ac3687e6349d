import { withCount } from './counted-cycles.ts';
import type { Cycle } from './cycle-evidence.ts';
import { type Belief, MOST_BURST, withRate } from './throttle-belief.ts';

const LONG_STATED_MS = 5_000;
const LEAST_RATE = 0.05;
// A bucket of more than what flows into it in so many seconds shows later.
const FIRST_BURST_S = 2;
// What went through at first was the bucket, and what flowed in meanwhile.
const FIRST_BUCKET = 0.85;
const QUICK_MS = 600;

/**
 * What the first refusal ever tells: what went through so far may be a second's worth, or all there is for much longer.
 *
 * @param statedMs the wait that the refusal stated, 0 if none
 * @param closedMs how long the account was closed
 */
export function concludeFirst(belief: Belief, cycle: Cycle, statedMs: number, closedMs: number): Belief {
  const { startedAt, endedAt, grants } = cycle;
  const took = endedAt - startedAt;
  const isLong = statedMs > LONG_STATED_MS;
  const rate = Math.max(LEAST_RATE, firstRate(grants, took, isLong ? closedMs : 1_000));
  const atOnce = isLong ? grants : Math.min(grants, FIRST_BURST_S * rate);
  // Of a burst larger than the bucket several calls are refused at once, each of which may be punished. But only of what
  // came quickly is it sure that it was not held up by waiting for answers, which says nothing about a bucket.
  const isQuick = took <= QUICK_MS;
  const flowedIn = isLong || !isQuick ? 0 : (rate * took) / 1_000;
  const within = (most: number) => Math.max(1, Math.min(MOST_BURST, Math.floor(Math.min(most, grants - flowedIn))));
  const burst = within(atOnce * 0.8);
  const mostBurst = isLong ? MOST_BURST : within(grants * FIRST_BUCKET);
  const alike = { count: cycle.lastSecond, refusals: 1 };
  const counted = withCount(belief, cycle, Number.POSITIVE_INFINITY);
  return withRate({ ...counted, alike, first: { grants, isQuick }, burst, mostBurst }, rate);
}

/**
 * Calls per second, if so many went through within `ms` and that used up what was saved in `savedMs` before.
 */
export function firstRate(calls: number, ms: number, savedMs = 1_000): number {
  // The probe after it, at least, was granted.
  return (Math.max(1, calls) * 1_000) / (Math.max(1, ms) + savedMs);
}
