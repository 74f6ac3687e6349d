import { wasTooLarge, withBurstCut, withBurstGranted, withSafeBurst } from './burst-size.ts';
import { callsOfSecond, hasUsed, isNoBucket, meetsNumber, withAlike, withCount } from './counted-cycles.ts';
import {
  activeMs,
  blamesBurst,
  type Cycle,
  drainingRate,
  meanOf,
  pauseMs,
  type UsedWindow,
  usedWindow,
} from './cycle-evidence.ts';
import { belowRound } from './round-numbers.ts';
import { type Belief, savesUp, withRate } from './throttle-belief.ts';

const QUICK_MS = 1_500;
const FAR_OFF = 0.9;
const LEAST_KEPT = 0.8;
// So many cycles in a row must have granted the same for it to be what flows into a bucket.
const SAME_MEANS = 3;
// If what was granted stayed the same within the one, while the rate fell by the other.
const STEADY_MEAN = 0.01;
const STEADY_FALL = 0.02;
// Calls arrive a little closer together than they start: by some ten milliseconds in a window.
const MARGIN_S = 0.013;
const LEAST_MARGIN = 0.003;
// A rate that was granted for a while, and then refused, may have been the right one: some calls came late.
const LATENESS_S = 0.012;
const WHILE_MS = 3_000;
// A long window that granted so much less than was tried is a smaller one than was believed.
const FAR_LESS = 0.8;
const FAR_BEYOND = 1.08;
const FORGIVEN = 1.015;
const WHOLE_PART = 0.9;
const KNOWN_PART = 0.95;

/** What a cycle tells that ended with the refusal of a call that had waited for the rate: docs/pacing.md says why. */
export function conclude(before: Belief, cycle: Cycle): Belief {
  const quickRefusals = activeMs(cycle) < QUICK_MS * before.windowS ? before.quickRefusals + 1 : 0;
  const belief = { ...before, quickRefusals };
  const counting = withAlike(withCount(belief, cycle, pauseMs(cycle)), cycle);
  const calls = callsOfSecond(counting);
  if (calls !== null) return countedWindow(counting, calls);
  const isBlamed = blamesBurst(cycle, counting.burst, counting.rate);
  const isNews = isBlamed && !wasTooLarge(counting);
  if (isNews && meetsNumber(counting, cycle)) return concludeWindow(counting, cycle);
  if (isNoBucket(counting.counted)) return countedWindow(counting, cycle.grants);
  if (isNews) return doubtBurst(counting, cycle);
  const judged = isBlamed ? withSafeBurst(counting) : { ...withBurstGranted(counting, cycle), doubtedBursts: 0 };
  return windowUsedUp(judged, cycle) ?? concludeRate(withMeans(judged, cycle), cycle);
}

/**
 * What a cycle tells whose last refusal is put on the number in flight: a burst that was refused shrinks, too, since it
 * may as well have been that.
 */
export function concludeUnpaced(belief: Belief, cycle: Cycle): Belief {
  if (belief.shape !== 'bucket' || !blamesBurst(cycle, belief.burst, belief.rate)) return belief;
  return wasTooLarge(belief) ? withSafeBurst(belief) : withBurstCut(belief, cycle);
}

/**
 * A burst that a bucket refused right after it was granted, or had begun: while nothing but the first, quick calls said
 * how fast the bucket fills, it is that which was wrong; else the burst was too large.
 */
function doubtBurst(before: Belief, cycle: Cycle): Belief {
  const belief = { ...before, doubtedBursts: before.doubtedBursts + 1 };
  const isRateWrong = belief.lastMean === 0 && meanOf(cycle) < FAR_OFF * belief.rate;
  const next = withMeans(isRateWrong ? belief : withBurstCut(belief, cycle), cycle);
  const concluded = concludeRate(next, cycle);
  // The bucket may have run over in the pause, and fill faster than it seems.
  return isRateWrong ? concluded : withRate(concluded, Math.max(concluded.rate, LEAST_KEPT * belief.rate));
}

/** The window that was used up; its length cannot be what it seems if more was granted before. */
function usedBefore({ lastMean }: Belief, cycle: Cycle): UsedWindow | null {
  const used = usedWindow(cycle);
  const isRefuted = used?.isSeen === true && used.rate < KNOWN_PART * lastMean;
  return isRefuted ? usedWindow({ ...cycle, statedMs: 0, failedAt: cycle.endedAt }) : used;
}

const margin = (windowS: number) => 1 - Math.max(LEAST_MARGIN, MARGIN_S / windowS);

/** A burst was granted and refused right after: nothing had been saved up, the calls of a window were used early. */
function concludeWindow(before: Belief, cycle: Cycle): Belief {
  const { rate } = before;
  const mean = meanOf(cycle);
  const used = usedBefore(before, cycle);
  const windowS = used?.seconds ?? before.windowS;
  const belief: Belief = { ...before, shape: 'window', windowS, burst: 1, cost: null, counted: [] };
  const guess = used === null ? 0 : used.rate * margin(windowS);
  if (used !== null && guess >= mean) {
    const windowCalls = windowS === 1 ? cycle.grants : null;
    if (used.isSeen || guess >= 0.95 * rate)
      return withRate({ ...belief, windowCalls, refusedRate: guess * 1.05 }, guess);
    const goal = guess + (belowRound(rate) * margin(windowS) - guess) * 0.3;
    return withRate({ ...belief, refusedRate: rate }, guess, goal);
  }
  return mean < 0.7 * rate ? withRate({ ...belief, refusedRate: rate }, Math.max(mean, rate / 2)) : belief;
}

/**
 * The rate, if a window was used up so soon that it is known how many calls it takes; else null. After more than a
 * window whose length was not seen it may as well be that some calls of a shorter one came late.
 */
function windowUsedUp(belief: Belief, cycle: Cycle): Belief | null {
  const used = belief.shape === 'window' ? usedBefore(belief, cycle) : null;
  if (used === null) return null;
  const { seconds, isSeen } = used;
  const guess = used.rate * margin(seconds);
  const isLikely = isSeen || (activeMs(cycle) <= 1_000 && guess >= 0.4 * belief.rate);
  if (!isLikely || guess >= 0.97 * belief.rate) return null;
  const window = { ...belief, windowS: seconds, windowCalls: null, refusedRate: guess * 1.05, provenRate: 0 };
  return withRate(window, guess);
}

/** Whatever rate was tried, the same was granted again and again: that is what flows into a bucket. */
function withMeans(belief: Belief, cycle: Cycle): Belief {
  const { rate, lastMean, lastRefused } = belief;
  const mean = meanOf(cycle);
  const isOther = Math.abs(rate / lastRefused - 1) > 0.02;
  // What was granted in a cycle that ended with a short trial was granted to the rate before it.
  const isSame = isOther && !isShortTrial(cycle) && Math.abs(mean / lastMean - 1) < 0.03;
  const sameMeans = isSame ? belief.sameMeans + 1 : 1;
  const next = withSteadyMean({ ...belief, sameMeans, lastMean: mean, lastRefused: rate }, cycle);
  if (belief.shape !== 'window' || (sameMeans < SAME_MEANS && !isSteadyBucket(next))) return next;
  const burst = Math.max(1, Math.floor((0.8 * pauseMs(cycle) * mean) / 1_000));
  return { ...next, shape: 'bucket', windowS: 1, windowCalls: null, burst, safeBurst: 0, steady: null };
}

const isShortTrial = (cycle: Cycle) =>
  cycle.trial.length > 0 && cycle.trial.reduce((sum, { seconds }) => sum + seconds, 0) < activeMs(cycle) / 2_000;

/** A bucket that is drained a little faster than it fills looks like a window with a late call now and then. */
function withSteadyMean(belief: Belief, cycle: Cycle): Belief {
  if (cycle.trial.length > 0 || activeMs(cycle) < WHILE_MS) return belief;
  const { rate, steady } = belief;
  const mean = meanOf(cycle);
  const isSame = steady !== null && Math.abs(mean / steady.mean - 1) < STEADY_MEAN;
  return { ...belief, steady: isSame ? { ...steady, cycles: steady.cycles + 1 } : { cycles: 1, mean, rate } };
}

/** The rate fell from refusal to refusal, and what was granted did not. */
const isSteadyBucket = ({ steady, rate }: Belief) =>
  steady !== null && steady.cycles >= SAME_MEANS && rate < (1 - STEADY_FALL) * steady.rate;

/** A window of a second that takes so many calls. */
function countedWindow(belief: Belief, calls: number): Belief {
  const rate = calls * margin(1);
  const counted = { windowS: 1, windowCalls: calls, counted: [] } as const;
  const window = { ...belief, ...counted, shape: 'window', burst: 1, cost: null } as const;
  return withRate({ ...window, refusedRate: rate * 1.05, provenRate: 0 }, rate);
}

function concludeRate(before: Belief, cycle: Cycle): Belief {
  const { rate, shape, windowS } = before;
  const isOnTrial = cycle.trial.length > 0;
  const provenRate = rate <= before.provenRate * 1.005 ? 0 : before.provenRate;
  // A window is used up by what went in its own time, and a bucket of one call holds nothing.
  const isAnsweredAtOnce = isOnTrial && !savesUp(before);
  const settledRate = isAnsweredAtOnce ? noFurther(cycle.recentRate, before.refusedRate) : cycle.settledRate;
  const refusedRate = settledRate > provenRate * 1.002 ? settledRate : Math.max(rate, settledRate);
  const belief = { ...before, provenRate, refusedRate };
  if (shape === 'bucket') return withRate(belief, bucketRate(belief, cycle));
  const mean = meanOf(cycle);
  if (isFarLess(belief, cycle)) return withRate({ ...belief, refusedRate: rate }, mean);
  const isUsual = before.windowCalls !== null && rate <= before.windowCalls && hasUsed(before, cycle.lastSecond);
  const isLate = !isOnTrial && (isUsual || activeMs(cycle) > WHILE_MS * windowS);
  const roundRate = belowRound(refusedRate * windowS) / windowS;
  const lateRate = isLate ? (1 - LATENESS_S / windowS) * refusedRate : 0;
  const goal = Math.max(roundRate * margin(windowS), lateRate, provenRate);
  const next = Math.max(mean, (belief.quickRefusals > 1 ? 0.8 : 0.94) * rate, provenRate);
  return withRate(belief, Math.min(goal, next), goal);
}

/**
 * A trial may be over long before its rate is answered to. What was refused before is still refused then, unless the
 * trial went far beyond; but a little less certainly with each trial.
 */
function noFurther(rate: number, refusedRate: number): number {
  return rate < FAR_BEYOND * refusedRate ? Math.min(rate, FORGIVEN * refusedRate) : rate;
}

/** From refusal to refusal a whole window went by: what was granted meanwhile is all that it takes. */
function isFarLess({ windowS, rate, provenRate }: Belief, cycle: Cycle): boolean {
  const isWhole = cycle.endedAt - cycle.startedAt >= WHOLE_PART * 1_000 * windowS;
  const isOne = activeMs(cycle) < 1_000 * windowS;
  return windowS > 1 && isWhole && isOne && meanOf(cycle) < FAR_LESS * rate && provenRate === 0;
}

/**
 * A bucket is empty at both refusals, so what it granted in between is exactly what flowed into it, unless it ran over:
 * during the pause, and then it was full at the opening, or at a rate that was too low, and then it was full at the
 * beginning of the trial.
 */
function bucketRate({ rate, burst, safeBurst, provenRate, refusedRate }: Belief, cycle: Cycle): number {
  const mean = meanOf(cycle);
  const hadMore = (pauseMs(cycle) * Math.min(rate, 1.1 * mean)) / 1_000 > burst * 1.2 + 2;
  const isLong = activeMs(cycle) > QUICK_MS;
  const sinceFull = hadMore && isLong ? ((cycle.grants - burst) * 1_000) / activeMs(cycle) : 0;
  const drained = drainingRate(cycle.trial, Math.max(1, safeBurst));
  return Math.min(Math.max(0.997 * mean, 0.99 * sinceFull, drained, rate / 2, provenRate), refusedRate * 0.98);
}
