import { belowRound, roundSeconds } from './round-numbers.ts';

/**
 * What a throttle seems to be. A `bucket` saves up what was not used, so that the pause after a refusal can be caught up
 * with; a `window` does not, and punishes every burst with a refusal a moment later.
 */
export type ThrottleShape = 'bucket' | 'window';

/** What was going on when the first call after an opening was refused. Times are epoch milliseconds. */
export interface RefusalFacts {
  readonly at: number;
  /** Calls were waiting for the rate, not for others to end, so that it was the rate that was refused. */
  readonly wasPaced: boolean;
  /** The wait that the refusal stated; 0 if none. */
  readonly statedMs: number;
}

/** What is learned, as it is kept over a restart. */
export interface LearnedRate {
  readonly rate: number | null;
  readonly refusedRate: number | null;
  readonly provenRate: number;
  readonly burst: number;
  readonly safeBurst: number;
  readonly shape: ThrottleShape;
  readonly costOfRefusal: number | null;
}

/**
 * Learns the rate that a throttle grants from what it grants and refuses: see docs/pacing.md for why. Rates are
 * messages per second. Nothing here reads a clock or a random number.
 */
export interface RateLearner {
  /** What may be sent per second; Infinity as long as no call was ever refused. */
  readonly rate: number;
  /** How many may be sent at once after a pause. */
  readonly burst: number;
  readonly shape: ThrottleShape;
  /** Callers begin to wait; what was granted before says how much was wanted, not how much may be sent. */
  restart(now: number): void;
  granted(calls: number): void;
  /** The first call of a cycle starts. */
  begin(now: number): void;
  /** More calls started together than the rate alone allows. */
  burstBegan(now: number): void;
  /** The first refusal since the last opening. */
  refused(facts: RefusalFacts): void;
  /**
   * A probe was granted: what the cycle that ended with the refusal has told is drawn now. Returns how many calls were
   * saved up during the pause.
   */
  reopened(now: number): number;
  /** Time has passed during which `isPaced` says whether calls waited for the rate. */
  evolve(now: number, isPaced: boolean): void;
  snapshot(): LearnedRate;
  restore(learned: LearnedRate): void;
}

export interface RateLearnerOptions {
  /** The rate that the contract with CommBox states: never exceeded, and tried again after a refusal. */
  readonly knownRate: number | null;
}

const STEP_MS = 500;
const MOST_STEPS = 4;
// What trying a higher rate may cost: this share of what could be sent.
const EXPLORATION = 0.013;
const LEAST_HOLD_MS = 5_000;
const MOST_HOLD_MS = 120_000;
const PROVEN_AFTER_MS = 4_000;
// A refusal while this part of the time that a burst was ahead of the rate has not passed is held against the burst.
const BURST_BLAME = 0.6;
const QUICK_MS = 1_500;
// So many cycles in a row must have granted the same for it to be what flows into a bucket.
const SAME_MEANS = 3;
const MOST_BURST = 500;
// Calls arrive a little closer together than they start.
const MARGIN = 0.993;

export function createRateLearner(options: RateLearnerOptions): RateLearner {
  const ceiling = () => options.knownRate ?? Number.POSITIVE_INFINITY;
  let rate = ceiling();
  let target = rate;
  let refusedRate = Number.POSITIVE_INFINITY;
  let provenRate = 0;
  let burst = 1;
  let safeBurst = 0;
  let mostBurst = MOST_BURST;
  let shape: ThrottleShape = options.knownRate === null ? 'bucket' : 'window';
  let cost: number | null = null;

  let startedAt = Number.NaN;
  let openedAt = 0;
  let grants = 0;
  let pauseMs = 0;
  let caughtUp = 0;
  let burstAt = Number.NEGATIVE_INFINITY;
  let quickRefusals = 0;
  let lastMean = 0;
  let lastRefused = 0;
  let sameMeans = 0;
  let facts: RefusalFacts | null = null;

  let steppedAt = 0;
  let growth = 0;
  let previous: readonly [number, number] = [rate, rate];
  let steadySince = 0;

  const set = (next: number, goal = next) => {
    rate = Math.min(next, ceiling());
    target = Math.min(goal, ceiling());
  };

  /** How long the rate is left alone: so that refusals cost no more than what may be spent on exploring. */
  const holdMs = () => {
    const lost = cost ?? (rate * Math.max(pauseMs, 250)) / 1_000;
    // Where a rate that was refused lies far above, there is more to gain.
    const gap = Number.isFinite(refusedRate) ? Math.max(0, refusedRate / rate - 1.06) : 0;
    const ms = (lost / ((EXPLORATION + gap / 4) * rate)) * 1_000;
    return Math.min(MOST_HOLD_MS, Math.max(LEAST_HOLD_MS, ms));
  };

  const step = (now: number) => {
    previous = [rate, previous[0]];
    if (rate > previous[1] * 1.002) steadySince = now;
    if (now - Math.max(steadySince, openedAt) > PROVEN_AFTER_MS) provenRate = Math.max(provenRate, rate);
    if (now - burstAt < (1_000 * burst) / rate) return;
    if (refusedRate === Number.POSITIVE_INFINITY) {
      growth = growth === 0 ? 0.04 : Math.min(0.2, growth * 1.1);
      set(rate * (1 + growth));
    } else if (rate < target * 0.999) {
      set(rate + Math.min(target - rate, Math.max((target - rate) * 0.5, target * 0.01)), target);
    } else if (growth > 0 || now - (facts?.at ?? openedAt) > holdMs()) {
      growth = growth === 0 ? 0.015 : Math.min(0.12, growth * 1.6);
      set(rate * (1 + growth));
    }
  };

  /** The rate that was refused: while it grew, one that the throttle had time to answer to. */
  const rateRefused = () => {
    const settled = growth > 0 ? Math.min(rate, previous[1]) : rate;
    return settled > provenRate * 1.002 ? settled : Math.max(rate, settled);
  };

  /** A limit of that many calls in a round time, if the cycle began with an unused window and ended within it. */
  const windowRate = (activeMs: number): number | null => {
    const seconds = roundSeconds(activeMs / 1_000);
    return seconds !== null && pauseMs >= 900 * seconds ? (MARGIN * grants) / seconds : null;
  };

  const learn = ({ at, wasPaced }: RefusalFacts) => {
    if (!wasPaced) return;
    const activeMs = Math.max(1, at - openedAt);
    const mean = (grants * 1_000) / Math.max(1, at - startedAt);
    const isBlamed = burst > 1 && at - burstAt < (BURST_BLAME * 1_000 * burst) / rate;
    quickRefusals = activeMs < QUICK_MS ? quickRefusals + 1 : 0;
    if (isBlamed && safeBurst > 0 && burst > safeBurst) {
      burst = safeBurst;
      mostBurst = safeBurst;
    } else if (isBlamed) return learnWindow(activeMs, mean);
    else if (caughtUp > 1 && shape === 'bucket') {
      safeBurst = Math.max(safeBurst, Math.min(burst, caughtUp));
      if (caughtUp >= burst) burst = Math.min(mostBurst, Math.ceil(burst * 1.3));
    }
    if (shape === 'window' && quickRefusals > 0) {
      const guess = windowRate(activeMs);
      if (guess !== null && guess >= 0.4 * rate && guess < 0.97 * rate) {
        refusedRate = guess * 1.05;
        provenRate = 0;
        return set(guess);
      }
    }
    sameMeans = Math.abs(mean / lastMean - 1) < 0.03 && Math.abs(rate / lastRefused - 1) > 0.02 ? sameMeans + 1 : 1;
    lastMean = mean;
    lastRefused = rate;
    if (shape === 'window' && sameMeans >= SAME_MEANS) {
      shape = 'bucket';
      burst = Math.max(1, Math.floor((0.8 * pauseMs * mean) / 1_000));
      safeBurst = 0;
    }
    if (rate <= provenRate * 1.005) provenRate = 0;
    refusedRate = rateRefused();
    const hadMore = (pauseMs * Math.min(rate, 1.1 * mean)) / 1_000 > burst * 1.2 + 2;
    if (shape === 'bucket') {
      // A bucket is empty at both refusals, so what it granted in between is exactly what flowed into it, unless it ran
      // over during the pause: then it was full at the opening, and the rest flowed in since.
      const sinceFull = hadMore && activeMs > QUICK_MS ? ((grants - burst) * 1_000) / activeMs : 0;
      const next = Math.max(0.997 * mean, 0.99 * sinceFull, rate / 2, provenRate);
      return set(Math.min(next, refusedRate * 0.98));
    }
    const goal = belowRound(refusedRate) * MARGIN;
    const next = Math.max(mean, (quickRefusals > 1 ? 0.8 : 0.94) * rate, provenRate);
    set(Math.min(goal, next), goal);
  };

  /** A burst was granted and refused right after: nothing had been saved up, the calls of a window were used early. */
  const learnWindow = (activeMs: number, mean: number) => {
    shape = 'window';
    burst = 1;
    cost = null;
    const guess = windowRate(activeMs);
    if (guess !== null && guess >= mean) {
      if (guess < 0.95 * rate) {
        refusedRate = rate;
        set(guess, guess + (belowRound(rate) * MARGIN - guess) * 0.3);
      } else {
        refusedRate = guess * 1.05;
        set(guess);
      }
    } else if (mean < 0.7 * rate) {
      refusedRate = rate;
      set(Math.max(mean, rate / 2));
    }
  };

  const begin = (now: number) => {
    if (!Number.isNaN(startedAt)) return;
    startedAt = now;
    openedAt = now;
    steppedAt = now;
  };

  return {
    get rate() {
      return Math.min(rate, ceiling());
    },
    get burst() {
      return burst;
    },
    get shape() {
      return shape;
    },
    restart(now) {
      if (facts !== null || rate !== Number.POSITIVE_INFINITY) return;
      startedAt = now;
      grants = 0;
    },
    granted(calls) {
      grants += calls;
    },
    begin,
    burstBegan(now) {
      burstAt = now;
    },
    refused(seen) {
      begin(seen.at);
      facts = seen;
    },
    reopened(now) {
      const { at } = facts ?? { at: now };
      const wasShape = shape;
      const lastPauseMs = now - at;
      if (facts !== null && rate === Number.POSITIVE_INFINITY) {
        // Nothing is known yet: what went through so far may be a second's worth, or all there is for much longer.
        burst = Math.max(1, Math.min(MOST_BURST, Math.floor(grants * 0.8)));
        const spanMs = Math.max(1, at - startedAt) + (facts.statedMs > 5_000 ? lastPauseMs : 1_000);
        set(Math.max(0.05, (grants * 1_000) / spanMs));
      } else if (facts !== null) learn(facts);
      pauseMs = lastPauseMs;
      const missed = (lastPauseMs * rate) / 1_000;
      caughtUp = shape === 'bucket' ? Math.min(burst, missed) : 0;
      // The pause after a wrong guess at the shape says nothing about what the next refusal will cost.
      if (shape === wasShape && facts?.wasPaced === true) cost = Math.max(0.5, missed - caughtUp);
      startedAt = at;
      openedAt = now;
      steppedAt = now;
      grants = 1;
      growth = 0;
      previous = [rate, rate];
      return caughtUp;
    },
    evolve(now, isPaced) {
      const due = Math.floor((now - steppedAt) / STEP_MS);
      if (rate === Number.POSITIVE_INFINITY || due < 1) return;
      // Nobody knows whether calls waited long ago; nor is there a step for every one since 1970.
      const steps = isPaced ? Math.min(due, MOST_STEPS) : 0;
      steppedAt += (due - steps) * STEP_MS;
      for (let n = 0; n < steps; n++) {
        steppedAt += STEP_MS;
        step(steppedAt);
      }
    },
    snapshot: () => ({
      rate: Number.isFinite(rate) ? rate : null,
      refusedRate: Number.isFinite(refusedRate) ? refusedRate : null,
      provenRate,
      burst,
      safeBurst,
      shape,
      costOfRefusal: cost,
    }),
    restore(memory) {
      set(memory.rate ?? Number.POSITIVE_INFINITY);
      refusedRate = memory.refusedRate ?? Number.POSITIVE_INFINITY;
      ({ provenRate, burst, safeBurst, shape } = memory);
      cost = memory.costOfRefusal;
      previous = [rate, rate];
      startedAt = Number.NaN;
      grants = 0;
      facts = null;
    },
  };
}
