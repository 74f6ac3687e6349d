import { createCrowdEvidence } from './crowd-evidence.ts';
import { isAboutNumber, type LimitFacts, TELLING } from './in-flight-verdict.ts';

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
  /** Another one that was on its way when the account was closed is refused, too: it began as this number. */
  refusedToo(number: number): void;
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
const LASTING_MS = 5_000;
const EXPLORATION = 0.005;
const LEAST_HOLD_MS = 5_000;
const MOST_HOLD_MS = 120_000;
// A burst that was granted with so many times as many in flight says that their number was not it.
const FAR_MORE = 2;

/** @param options `concurrency`: the most that may ever be in flight; it may change */
export function createInFlightLimit(options: { readonly concurrency: number }): InFlightLimit {
  let limit = COLD_LIMIT;
  let grants = 0;
  let mostGranted = 0;
  /** The same since the last pause. */
  let mostSince = 0;
  let grantsSince = 0;
  let lastPauseMs = 0;
  /** Where the last refusal left it, and when it was last raised from there. */
  let held = Number.POSITIVE_INFINITY;
  let raisedAt = Number.NEGATIVE_INFINITY;
  let heldUntil = 0;
  let isHolding = false;
  let isFirst = false;
  let blamed = 0;
  /** What the refusals of one incident may lower the limit to. */
  let least = 1;
  const crowd = createCrowdEvidence();

  const lower = (to: number) => {
    limit = to;
    held = to;
    isHolding = true;
    isFirst = false;
  };

  // While an answer is on its way back, a call counts here that CommBox has done with: what was granted as the fifth may
  // have been the fourth there, and the one refused as the seventh, among others that are late, the fifth.
  const lowerBelow = (number: number, inFlight: number, granted: number) => {
    const most = inFlight - 1;
    // Where three and more were in flight, one alone would be a guess that costs too much.
    least = Math.min(most, Math.max(granted - 1, 2));
    lower(Math.max(least, Math.min(most, number - 1)));
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
      grantsSince++;
      crowd.granted(inFlight);
      if (!isBound || limit >= options.concurrency || now < heldUntil) return;
      const isUnmet = held === Number.POSITIVE_INFINITY;
      grants += isUnmet ? Math.min(GRANTS_PER_STEP, Math.max(1, (tookMs * GRANTS_PER_SECOND) / 1_000)) : 1;
      if (grants < GRANTS_PER_STEP) return;
      grants = isUnmet ? grants - GRANTS_PER_STEP : 0;
      limit++;
      raisedAt = now;
    },
    refusedFirst({ inFlight, number, isGuess = false }) {
      // A single call was not one too many.
      if (inFlight <= 1) return;
      // Nor were two, where others may have had more.
      lowerBelow(number, isGuess ? Math.max(TELLING, inFlight) : inFlight, mostGranted);
      // What was guessed too low must not stay so for minutes; nor what was seen before another process was heard of.
      isHolding = !isGuess;
      isFirst = true;
    },
    refusedToo(number) {
      if (!isHolding) return;
      limit = Math.max(least, Math.min(limit, number - 1));
      held = limit;
    },
    blames(facts) {
      const { now, inFlight, number, openedAt } = facts;
      if (now - openedAt > LASTING_MS) blamed = 0;
      if (inFlight <= 1) return false;
      const seen = { mostGranted, mostSince, grantsSince, lastPauseMs, held, raisedAt, blamed };
      const tooMany = crowd.refused(inFlight);
      if (isAboutNumber(facts, seen)) lowerBelow(number, inFlight, mostSince);
      else if (tooMany !== null && mostSince < FAR_MORE * tooMany) lower(tooMany - 1);
      else return false;
      crowd.forget();
      blamed++;
      mostGranted = limit;
      return true;
    },
    reopened(pauseMs, now, isShared = false) {
      mostSince = 0;
      grantsSince = 0;
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
