import { hasUsed } from './counted-cycles.ts';
import { conclude, concludeUnpaced } from './cycle-conclusions.ts';
import type { Cycle } from './cycle-evidence.ts';
import { concludeFirst, firstRate } from './first-refusal.ts';
import { createLastSeconds } from './last-seconds.ts';
import { createRateClimb } from './rate-climb.ts';
import { type Belief, initialBelief, savesUp, spacesOut, type ThrottleShape } from './throttle-belief.ts';
import { createTrailingSecond } from './trailing-second.ts';

/** What was going on when the first call after an opening was refused. Times are epoch milliseconds. */
export interface RefusalFacts {
  readonly at: number;
  /** Calls were waiting for the rate, not for others to end, so that it was the rate that was refused. */
  readonly wasPaced: boolean;
  /** The wait that the refusal stated; 0 if none. */
  readonly statedMs: number;
}

/** How the pause went that ended with a granted probe. */
export interface ReopeningFacts {
  /** The last refusal, a probe's if one failed. Epoch milliseconds. */
  readonly failedAt: number;
  /** Whether calls made meanwhile were seen not to make the throttle last longer. */
  readonly isLenient: boolean;
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
  /** In seconds; one, if it is not said. */
  readonly windowS?: number;
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
  /** How long a window seems to be, in seconds. */
  readonly windowS: number;
  granted(calls: number, now: number): void;
  /** The first call of a cycle starts. */
  begin(now: number): void;
  /** More calls started together than the rate alone allows. */
  burstBegan(now: number): void;
  /** Whether a refusal while so many are in flight is what a window does that was used up; or, `isGuess`, may be. */
  isUsedUp(now: number, inFlight: number, isGuess?: boolean): boolean;
  /** The first refusal since the last opening. */
  refused(facts: RefusalFacts): void;
  /**
   * A probe was granted: what the cycle that ended with the refusal has told is drawn now. Returns how many calls were
   * saved up during the pause.
   */
  reopened(now: number, facts: ReopeningFacts): number;
  /** Time has passed during which `isPaced` says whether calls waited for the rate. */
  evolve(now: number, isPaced: boolean): void;
  snapshot(): LearnedRate;
  restore(learned: LearnedRate): void;
}

export interface RateLearnerOptions {
  /** The rate that the contract with CommBox states: never exceeded, and tried again after a refusal. */
  readonly knownRate: number | null;
}

// Of a window that is lenient, and has calls spaced out, a refusal costs little: there is room again soon.
const LITTLE_S = 0.2;

export function createRateLearner(options: RateLearnerOptions): RateLearner {
  const ceiling = () => options.knownRate ?? Number.POSITIVE_INFINITY;
  const climb = createRateClimb();
  let belief = initialBelief(ceiling());
  let startedAt = Number.NaN;
  let openedAt = 0;
  let grants = 0;
  const lately = createLastSeconds();
  const trailing = createTrailingSecond();
  /** Of the calls granted in this cycle, how many more than a second before the refusal; below 0 if it is younger. */
  let grantsBefore = 0;
  let mostInSecond = 0;
  let pauseMs = 0;
  let caughtUp = 0;
  let burstAt = Number.NEGATIVE_INFINITY;
  let refusal: RefusalFacts | null = null;

  const believe = (next: Belief) => {
    const most = ceiling();
    belief = { ...next, rate: Math.min(next.rate, most), target: Math.min(next.target, most) };
  };

  const cycleUntil = ({ at: endedAt, statedMs }: RefusalFacts, failedAt: number): Cycle => {
    // The probe that opens the next cycle was granted by now, and is none of this one.
    const own = Math.max(0, grants - 1);
    const times = { startedAt, openedAt, endedAt, statedMs, failedAt, burstAt };
    const lastSecond = Math.max(0, grants - grantsBefore - 1);
    return { ...times, grants: own, lastSecond, mostInSecond, caughtUp, ...climb.evidence(belief.rate, endedAt) };
  };

  const conclusion = (facts: RefusalFacts, failedAt: number): Belief => {
    const cycle = cycleUntil(facts, failedAt);
    if (belief.rate === Number.POSITIVE_INFINITY) return concludeFirst(belief, cycle, facts.statedMs, pauseMs);
    return facts.wasPaced ? conclude(belief, cycle) : concludeUnpaced(belief, cycle);
  };

  const begin = (now: number) => {
    if (!Number.isNaN(startedAt)) return;
    startedAt = now;
    openedAt = now;
    climb.restart(belief.rate, now, belief.windowS);
  };

  /** What was granted in quiet times says how much was wanted. The time counts that ended with most in a second. */
  const narrow = (now: number) => {
    const rateSince = (since: number, calls: number) => firstRate(calls, now - since);
    for (const { since, count } of lately.sums(startedAt, now)) {
      if (rateSince(since, count) <= rateSince(startedAt, grants)) continue;
      startedAt = since;
      grants = count;
    }
  };

  return {
    get rate() {
      return Math.min(belief.rate, ceiling());
    },
    get burst() {
      return belief.burst;
    },
    get shape() {
      return belief.shape;
    },
    get windowS() {
      return belief.windowS;
    },
    granted(calls, now) {
      grants += calls;
      trailing.add(calls, now);
      if (belief.alike !== null) mostInSecond = Math.max(mostInSecond, trailing.count(now));
      if (belief.rate === Number.POSITIVE_INFINITY) lately.add(calls, now);
    },
    begin,
    burstBegan(now) {
      burstAt = now;
    },
    // What was granted to calls whose answers are on their way is not known yet.
    isUsedUp(now, inFlight, isGuess = false) {
      const granted = trailing.count(now);
      return hasUsed(belief, granted + inFlight - 1, isGuess ? Math.max(granted, mostInSecond) : undefined);
    },
    refused(facts) {
      begin(facts.at);
      if (belief.rate === Number.POSITIVE_INFINITY && refusal === null) narrow(facts.at);
      refusal = facts;
      grantsBefore = grants - trailing.count(facts.at);
    },
    reopened(now, { failedAt, isLenient }) {
      const wasShape = belief.shape;
      const at = refusal?.at ?? now;
      pauseMs = now - at;
      if (refusal !== null) believe(conclusion(refusal, failedAt));
      const { rate, burst, shape } = belief;
      const missed = (pauseMs * rate) / 1_000;
      caughtUp = savesUp(belief) ? Math.min(burst, missed) : 0;
      // The pause after a wrong guess at the shape says nothing about what the next refusal will cost.
      const isTelling = shape === wasShape && refusal?.wasPaced === true;
      const isLittle = isLenient && refusal?.statedMs === 0 && spacesOut(belief);
      if (isTelling) belief = { ...belief, cost: Math.max(0.5, missed - caughtUp) };
      else if (isLittle && belief.cost === null) belief = { ...belief, cost: LITTLE_S * rate };
      startedAt = at;
      openedAt = now;
      grants = 1;
      mostInSecond = 0;
      climb.restart(rate, now, belief.windowS);
      return caughtUp;
    },
    evolve(now, isPaced) {
      if (belief.rate === Number.POSITIVE_INFINITY) return;
      const isStated = (refusal?.statedMs ?? 0) > 0;
      const facts = { openedAt, refusedAt: refusal?.at ?? openedAt, pauseMs, isStated, burstAt };
      const next = climb.evolve(belief, facts, isPaced, now);
      if (next !== belief) believe(next);
    },
    snapshot: () => {
      const { rate, refusedRate, provenRate, burst, safeBurst, shape, cost, windowS } = belief;
      return {
        rate: finite(rate),
        refusedRate: finite(refusedRate),
        provenRate,
        burst,
        safeBurst,
        shape,
        costOfRefusal: cost,
        windowS,
      };
    },
    restore(memory) {
      const { provenRate, burst, safeBurst, shape, costOfRefusal: cost, windowS = 1 } = memory;
      const rate = memory.rate ?? Number.POSITIVE_INFINITY;
      const refusedRate = memory.refusedRate ?? Number.POSITIVE_INFINITY;
      believe({ ...belief, rate, target: rate, refusedRate, provenRate, burst, safeBurst, shape, cost, windowS });
      startedAt = Number.NaN;
      grants = 0;
      refusal = null;
    },
  };
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);
