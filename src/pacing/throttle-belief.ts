/**
 * What a throttle seems to be. A `bucket` saves up what was not used, so that the pause after a refusal can be caught up
 * with; a `window` does not, and punishes every burst with a refusal a moment later.
 */
export type ThrottleShape = 'bucket' | 'window';

/** What is believed of a throttle. Rates are messages per second. */
export interface Belief {
  /** What may be sent; Infinity as long as no call was ever refused. */
  readonly rate: number;
  /** Where the rate goes from here, without a trial. */
  readonly target: number;
  /** The lowest rate that is known to be too high. */
  readonly refusedRate: number;
  /** The highest rate that was granted for long. */
  readonly provenRate: number;
  /** How many may be sent at once after a pause. */
  readonly burst: number;
  /** How many of them were seen to be granted, 0 = none yet. */
  readonly safeBurst: number;
  /** More than so many were refused. */
  readonly mostBurst: number;
  readonly shape: ThrottleShape;
  /** How long a window is, in seconds: the time in which the throttle answers to a rate. One, unless seen to be longer. */
  readonly windowS: number;
  /** How many calls a window of a second takes, where that was counted; null = it was not. */
  readonly windowCalls: number | null;
  /** How many messages a refusal costs; null = not known. */
  readonly cost: number | null;
  /** How many cycles in a row ended soon after they had begun. */
  readonly quickRefusals: number;
  /** What the last cycle granted per second, at which rate it ended, and how many in a row granted the same. */
  readonly lastMean: number;
  readonly lastRefused: number;
  readonly sameMeans: number;
  /** Cycles in a row that granted the same per second, at a rate that went well for a while: with the first one's rate. */
  readonly steady: { readonly cycles: number; readonly mean: number; readonly rate: number } | null;
  /** The last cycles that were over within a second, and granted the same number of calls. */
  readonly counted: readonly CountedCycle[];
  /** Calls granted in the second before the first refusal, and how many in a row met as many; null = not all did. */
  readonly alike: { readonly count: number; readonly refusals: number } | null;
  /** How many went through before the first refusal ever, and whether waiting for answers did not hold them up. */
  readonly first: { readonly grants: number; readonly isQuick: boolean } | null;
  /** Refused bursts in a row that may have been too large for a bucket. */
  readonly doubtedBursts: number;
}

/** A cycle that began when nothing that went before counted any more. Times are seconds. */
export interface CountedCycle {
  readonly grants: number;
  /** Infinity = nothing had been sent before. */
  readonly pauseS: number;
  readonly activeS: number;
}

/** The largest burst that is ever tried. */
export const MOST_BURST = 500;

/** @param knownRate the rate that is stated by contract; Infinity if none is */
export function initialBelief(knownRate: number): Belief {
  return {
    rate: knownRate,
    target: knownRate,
    refusedRate: Number.POSITIVE_INFINITY,
    provenRate: 0,
    burst: 1,
    safeBurst: 0,
    mostBurst: MOST_BURST,
    shape: Number.isFinite(knownRate) ? 'window' : 'bucket',
    windowS: 1,
    windowCalls: null,
    cost: null,
    quickRefusals: 0,
    lastMean: 0,
    lastRefused: 0,
    sameMeans: 0,
    steady: null,
    counted: [],
    alike: null,
    first: null,
    doubtedBursts: 0,
  };
}

/** Whether a pause can be caught up with: the smallest bucket holds no more than the call that goes first. */
export const savesUp = ({ shape, burst }: Pick<Belief, 'shape' | 'burst'>) => shape === 'bucket' && burst > 1;

/** Whether calls are spaced out evenly, so that a refusal is about one too many: the rest of a longer window is more. */
export const spacesOut = ({ shape, windowS }: Pick<Belief, 'shape' | 'windowS'>) => shape === 'window' && windowS === 1;

/** The same belief, but for the rate. */
export function withRate(belief: Belief, rate: number, target = rate): Belief {
  return { ...belief, rate, target };
}
