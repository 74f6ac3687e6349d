import type { RateEvidence } from './cycle-evidence.ts';
import { type Belief, savesUp, withRate } from './throttle-belief.ts';

/** What a climb must know of the cycle that it is part of. Times are epoch milliseconds. */
export interface ClimbFacts {
  readonly openedAt: number;
  /** The last refusal, or the opening where none came before it. */
  readonly refusedAt: number;
  /** How long the pause before the opening was, and whether its length was stated. */
  readonly pauseMs: number;
  readonly isStated: boolean;
  /** When more calls started together than the rate alone allows. */
  readonly burstAt: number;
}

/** Raises the rate between two refusals: to where it belongs, and, after it was held for long enough, on trial. */
export interface RateClimb {
  /** A cycle begins with this rate. */
  restart(rate: number, now: number, windowS?: number): void;
  /** Time has passed during which `isPaced` says whether calls waited for the rate. */
  evolve(belief: Belief, facts: ClimbFacts, isPaced: boolean, now: number): Belief;
  /** How it went up to this rate. */
  evidence(rate: number, now: number): RateEvidence;
}

// All times are those of a window of a second. A longer one answers to a rate the later.
const STEP_MS = 500;
const MOST_STEPS = 4;
// What trying a higher rate may cost: this share of what could be sent.
const EXPLORATION = 0.012;
// A bucket saves up most of a pause that is stated, and that says what it costs; else the next may be a longer one.
const SAVING_EXPLORATION = 0.016;
const LEAST_HOLD_MS = 5_000;
const HOLD_WINDOWS = 2;
const MOST_HOLD_MS = 120_000;
const PROVEN_AFTER_MS = 4_000;
const PROVEN_WINDOWS = 1.5;
// More of a trial is not remembered.
const MOST_TRIED = 64;
// While nothing was refused at a known rate, it grows faster, and a little faster with every step.
const SEARCH = { first: 0.07, factor: 1.2, most: 0.2 };
// So many bursts after an opening what was saved up before it is used. Where no rate was refused, calls that start together
// later had to wait for others to end, and say nothing about a rate that may be in their way.
const OPENING_BURSTS = 3;
// A trial begins carefully, since it is most likely to be refused at once; if it is not, it had better be quick.
const TRIAL = { first: 0.015, factor: 2, most: 0.2 };

/** How long a rate is left alone: so that refusals cost no more than what may be spent on exploring. */
export function holdMs(belief: Belief, { pauseMs, isStated }: Pick<ClimbFacts, 'pauseMs' | 'isStated'>): number {
  const { rate, refusedRate, cost, windowS } = belief;
  const lost = cost ?? (rate * Math.max(pauseMs, 250)) / 1_000;
  // Where a rate that was refused lies far above, there is more to gain.
  const gap = Number.isFinite(refusedRate) ? Math.max(0, refusedRate / rate - 1.06) : 0;
  const share = isStated && savesUp(belief) ? SAVING_EXPLORATION : EXPLORATION;
  const ms = (lost / ((share + gap / 4) * rate)) * 1_000;
  const least = Math.max(LEAST_HOLD_MS, HOLD_WINDOWS * 1_000 * windowS);
  return Math.max(least, Math.min(MOST_HOLD_MS, ms));
}

export function createRateClimb(): RateClimb {
  let steppedAt = 0;
  let stepMs = STEP_MS;
  let growth = 0;
  let tried: number[] = [];
  let previous: readonly [number, number] = [0, 0];
  let steadySince = 0;

  const grow = (belief: Belief, { first, factor, most }: typeof TRIAL) => {
    growth = growth === 0 ? first : Math.min(most, growth * factor);
    const rate = belief.rate * (1 + growth);
    tried = [...tried, rate].slice(-MOST_TRIED);
    return withRate(belief, rate);
  };

  const proven = (belief: Belief, { openedAt }: ClimbFacts, now: number): Belief => {
    const { rate, provenRate, windowS } = belief;
    previous = [rate, previous[0]];
    if (rate > previous[1] * 1.002) steadySince = now;
    const isProven =
      now - Math.max(steadySince, openedAt) > Math.max(PROVEN_AFTER_MS, PROVEN_WINDOWS * 1_000 * windowS) &&
      rate > provenRate;
    return isProven ? { ...belief, provenRate: rate } : belief;
  };

  const step = (before: Belief, facts: ClimbFacts, now: number): Belief => {
    const belief = proven(before, facts, now);
    const { rate, target, refusedRate, burst } = belief;
    const isUnmet = refusedRate === Number.POSITIVE_INFINITY;
    const burstMs = (1_000 * burst) / rate;
    const isOpening = !isUnmet || now - facts.openedAt <= OPENING_BURSTS * burstMs;
    if (isOpening && now - facts.burstAt < burstMs) return belief;
    if (isUnmet) return grow(belief, SEARCH);
    if (rate < target * 0.999) {
      const gap = target - rate;
      return withRate(belief, rate + Math.min(gap, Math.max(gap * 0.5, target * 0.01)), target);
    }
    // A failed trial of a long window costs much, unless it is known where to go back to.
    const isSafe = belief.windowS === 1 || belief.provenRate >= rate * 0.998;
    const isDue = growth > 0 || (isSafe && now - facts.refusedAt > holdMs(belief, facts));
    return isDue ? grow(belief, TRIAL) : belief;
  };

  return {
    restart(rate, now, windowS = 1) {
      steppedAt = now;
      stepMs = STEP_MS * windowS;
      growth = 0;
      tried = [];
      previous = [rate, rate];
    },
    evolve(belief, facts, isPaced, now) {
      const due = Math.floor((now - steppedAt) / stepMs);
      if (due < 1) return belief;
      // Nobody knows whether calls waited long ago; nor is there a step for every one since 1970.
      const steps = isPaced ? Math.min(due, MOST_STEPS) : 0;
      steppedAt += (due - steps) * stepMs;
      let next = belief;
      for (let n = 0; n < steps; n++) {
        steppedAt += stepMs;
        next = step(next, facts, steppedAt);
      }
      return next;
    },
    evidence(rate, now) {
      const sinceStep = Math.max(0, now - steppedAt) / 1_000;
      const stepS = stepMs / 1_000;
      const windowS = stepMs / STEP_MS;
      const last = Math.min(stepS, sinceStep);
      const isLast = (n: number) => n === tried.length - 1;
      return {
        settledRate: growth > 0 ? Math.min(rate, previous[1]) : rate,
        recentRate: (rate * last + previous[0] * stepS + previous[1] * (windowS - stepS - last)) / windowS,
        trial: tried.map((one, n) => ({ rate: one, seconds: isLast(n) ? sinceStep : stepS })),
      };
    },
  };
}
