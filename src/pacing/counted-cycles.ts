import { activeMs, type Cycle } from './cycle-evidence.ts';
import type { Belief, CountedCycle } from './throttle-belief.ts';

const WINDOW_MS = 1_000;
const MOST_KEPT = 8;
// Fewer calls are the same in number by chance.
const LEAST_CALLS = 5;
// A call that was on its way, and rates that are no whole numbers.
const DOUBT_CALLS = 1;
const DOUBT_PART = 0.02;
// So many refusals, of which the first came when what had been saved up was used as well.
const SAME_SECONDS = 3;
// Inflows are tried from the largest on, each by less smaller than a call in doubt.
const STEPS = 240;
const STEP = 0.97;

/**
 * Takes down what a cycle granted that was over within a second.
 *
 * @param pauseMs before it; Infinity if nothing had been sent before
 */
export function withCount(belief: Belief, cycle: Cycle, pauseMs: number): Belief {
  const active = activeMs(cycle);
  if (belief.shape !== 'bucket' || active > WINDOW_MS || active + pauseMs < WINDOW_MS) return belief;
  const { grants } = cycle;
  const same = belief.counted.filter((other) => other.grants === grants);
  const counted = [...same, { grants, pauseS: pauseMs / 1_000, activeS: active / 1_000 }].slice(-MOST_KEPT);
  return { ...belief, counted };
}

/**
 * Whether the same number of calls was granted in times in which no bucket, however large and however fast it fills, would
 * have: it gains while calls go, and in the pause before, up to its size.
 */
export function isNoBucket(cycles: readonly CountedCycle[]): boolean {
  const [first] = cycles;
  if (first === undefined || cycles.length < 2 || first.grants < LEAST_CALLS) return false;
  const most = first.grants / Math.min(...cycles.map(({ activeS }) => activeS));
  for (let step = 0; step < STEPS; step++) {
    if (hasSize(cycles, most * STEP ** step)) return false;
  }
  return !hasSize(cycles, 0);
}

/** Whether there is a size with which a bucket that gains so many a second grants what these cycles were granted. */
function hasSize(cycles: readonly CountedCycle[], inflow: number): boolean {
  let least = 0;
  let most = Number.POSITIVE_INFINITY;
  for (const { grants, pauseS, activeS } of cycles) {
    const doubt = doubtOf(grants);
    const saved = grants - inflow * activeS;
    const gained = inflow * pauseS;
    if (gained < saved - doubt) return false;
    least = Math.max(least, saved - doubt);
    if (gained > saved + doubt) most = Math.min(most, saved + doubt);
  }
  return least <= most && most >= 0;
}

/**
 * Takes down how many calls were granted in the second before a refusal, while it is as many as before the first one, and
 * no second had more.
 */
export function withAlike(belief: Belief, { lastSecond, mostInSecond }: Cycle): Belief {
  const { alike, shape } = belief;
  // Who takes it for a window keeps below the number, or meets it by design.
  if (alike === null || shape !== 'bucket') return { ...belief, alike: null };
  const doubt = doubtOf(alike.count);
  const isAlike = Math.abs(lastSecond - alike.count) <= doubt && mostInSecond <= alike.count + doubt;
  return { ...belief, alike: isAlike ? { ...alike, refusals: alike.refusals + 1 } : null };
}

/**
 * How many calls a window of a second takes that passes for a bucket: every refusal, from the first on, came when as many
 * had been granted within a second. A bucket grants more the first time, when it is full, than at the end of a trial.
 * Null if it was not so.
 */
export function callsOfSecond({ alike }: Belief): number | null {
  return alike !== null && alike.refusals >= SAME_SECONDS && alike.count >= LEAST_CALLS ? alike.count : null;
}

/**
 * Whether a burst that was refused right away met the number of calls that a window takes: it grants as many each time it
 * is used up, a bucket only what flowed in meanwhile. A burst that is refused again is one of a window anyway, since a
 * bucket's is cut to what it was granted; and so it is as long as that number is not known, since answers held the first
 * calls up, or after a restart.
 */
export function meetsNumber(belief: Belief, cycle: Cycle): boolean {
  const { shape, alike, first, doubtedBursts, lastMean } = belief;
  if (shape === 'window' || doubtedBursts > 0 || alike !== null || first === null) return true;
  if (lastMean === 0 && !first.isQuick) return true;
  const isLonger = activeMs(cycle) > WINDOW_MS;
  return isLonger && Math.abs(cycle.grants - first.grants) <= doubtOf(first.grants);
}

/**
 * Whether so many calls within a second are as many as the window takes, of which they were counted before.
 *
 * @param mostGranted the most that were granted within a second lately. If it is given, what had been granted before every
 * refusal so far will do as well, unless that was more: a window would not have.
 */
export function hasUsed({ windowCalls, windowS, alike }: Belief, calls: number, mostGranted?: number): boolean {
  const isLikely = mostGranted !== undefined && alike !== null && mostGranted <= alike.count + doubtOf(alike.count);
  const most = windowCalls ?? (isLikely ? alike.count : null);
  return most !== null && windowS === 1 && calls >= most - doubtOf(most);
}

const doubtOf = (calls: number) => DOUBT_CALLS + DOUBT_PART * calls;
