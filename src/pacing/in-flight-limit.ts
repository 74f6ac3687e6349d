import { createCrowdEvidence } from './crowd-evidence.ts';

/** How a refused attempt met the limit. Times are epoch milliseconds. */
export interface LimitFacts {
  readonly now: number;
  /** The most attempts in flight while the refused one was on its way, itself included. */
  readonly inFlight: number;
  /** When attempts last waited for others to end. */
  readonly boundAt: number;
  /** When attempts last waited for the rate. */
  readonly pacedAt: number;
  /** The same as it was when the refused attempt began. */
  readonly pacedBefore: number;
  readonly openedAt: number;
  /** How many calls of other processes were in flight is a guess. */
  readonly isGuess?: boolean;
}

/** A granted attempt: it began as number `inFlight`, and took so long. */
export interface GrantFacts {
  readonly inFlight: number;
  readonly tookMs: number;
}

/** Learns how many calls CommBox takes at the same time: what some throttles limit instead of a rate. */
export interface InFlightLimit {
  readonly limit: number;
  /** What is configured. */
  readonly most: number;
  /** An attempt was granted. `isBound`: others wait for attempts to end. */
  granted(attempt: GrantFacts, isBound: boolean, now: number): void;
  /** The first refusal ever. It says little, but there is no reason to have more in flight than were granted. */
  refusedFirst(facts: LimitFacts): void;
  /** Whether this refusal was about the number in flight; the limit falls then. */
  blames(facts: LimitFacts): boolean;
  /**
   * The pause after a refusal that was put on the limit has ended: that long did it cost. `isShared`: other processes
   * send, too.
   */
  reopened(pauseMs: number, now: number, isShared?: boolean): void;
  restore(limit: number): void;
}

// A cold burst must not run into a wall, so the number grows by one with eight grants. While nothing was ever refused,
// a call that takes long counts for more, one a second: else slow calls would hold the number down for minutes.
const COLD_LIMIT = 4;
const GRANTS_PER_STEP = 8;
const GRANTS_PER_SECOND = 8;
const RECENT_MS = 500;
const UNPACED_MS = 2_000;
// So often in a row is a refusal put on the limit without a sign that more than before were in flight.
const MOST_BLAMES = 3;
const LASTING_MS = 5_000;
// What was granted before the last refusal counts in a window for so long.
const WINDOW_MS = 1_000;
const EXPLORATION = 0.005;
// A refusal so soon after more than before were let go at once is put on that, whether or not the rate was in the way.
const TRIAL_MS = 3_000;
const LEAST_HOLD_MS = 5_000;
const MOST_HOLD_MS = 120_000;

/** @param options `concurrency`: the most that may ever be in flight; it may change */
export function createInFlightLimit(options: { readonly concurrency: number }): InFlightLimit {
  let limit = COLD_LIMIT;
  let grants = 0;
  let mostGranted = 0;
  /** The same since the last pause. */
  let mostSince = 0;
  let lastPauseMs = 0;
  /** Where the last refusal left it, and when it was last raised from there. */
  let held = Number.POSITIVE_INFINITY;
  let raisedAt = Number.NEGATIVE_INFINITY;
  let heldUntil = 0;
  let isHolding = false;
  let isFirst = false;
  let blamed = 0;
  const crowd = createCrowdEvidence();

  const lower = (to: number) => {
    limit = to;
    held = to;
    isHolding = true;
    isFirst = false;
  };

  return {
    get limit() {
      return Math.min(limit, options.concurrency);
    },
    get most() {
      return options.concurrency;
    },
    granted({ inFlight, tookMs }, isBound, now) {
      if (inFlight > mostGranted) mostGranted = inFlight;
      if (inFlight > mostSince) mostSince = inFlight;
      crowd.granted(inFlight);
      if (!isBound || limit >= options.concurrency || now < heldUntil) return;
      const isUnmet = held === Number.POSITIVE_INFINITY;
      grants += isUnmet ? Math.min(GRANTS_PER_STEP, Math.max(1, (tookMs * GRANTS_PER_SECOND) / 1_000)) : 1;
      if (grants < GRANTS_PER_STEP) return;
      grants = isUnmet ? grants - GRANTS_PER_STEP : 0;
      limit++;
      raisedAt = now;
    },
    refusedFirst({ inFlight, isGuess = false }) {
      // A single call was not one too many.
      if (inFlight <= 1) return;
      lower(inFlight - 1);
      // What was guessed too low must not stay so for minutes; nor what was seen before another process was heard of.
      isHolding = !isGuess;
      isFirst = true;
    },
    blames({ now, inFlight, boundAt, pacedAt, pacedBefore, openedAt }) {
      if (now - openedAt > LASTING_MS) blamed = 0;
      if (inFlight <= 1) return false;
      const isMoreThanEver = inFlight > mostGranted && boundAt > pacedAt;
      const isOnTrial = inFlight > held && now - raisedAt < TRIAL_MS;
      const isOnlyBound = now - boundAt < RECENT_MS && now - pacedAt > Math.min(UNPACED_MS, now - openedAt);
      // Calls that take long on their way seem to be more at a time than CommBox ever had, and the slow start after a
      // pause shows how many it takes. Unless the rate was in the way, or a window of a second may have been used up.
      const wasUnpaced = pacedBefore < openedAt || boundAt > pacedAt;
      const isMoreThanSince = inFlight > mostSince && wasUnpaced && now - openedAt + lastPauseMs >= WINDOW_MS;
      const tooMany = crowd.refused(inFlight);
      const isLikely = (isOnlyBound || isMoreThanSince) && blamed < MOST_BLAMES;
      const isBlamed = isMoreThanEver || isOnTrial || isLikely;
      if (!isBlamed && tooMany === null) return false;
      crowd.forget();
      blamed++;
      lower((isBlamed ? inFlight : (tooMany ?? inFlight)) - 1);
      mostGranted = limit;
      return true;
    },
    reopened(pauseMs, now, isShared = false) {
      mostSince = 0;
      lastPauseMs = pauseMs;
      if (!isHolding) return;
      isHolding = false;
      if (isFirst && isShared) return;
      heldUntil = now + Math.min(MOST_HOLD_MS, Math.max(LEAST_HOLD_MS, pauseMs / EXPLORATION));
    },
    restore(remembered) {
      limit = remembered;
      held = remembered;
    },
  };
}
