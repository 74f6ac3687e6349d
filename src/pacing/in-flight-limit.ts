/** How a refused attempt met the limit. Times are epoch milliseconds. */
export interface LimitFacts {
  readonly now: number;
  /** Attempts in flight when the refusal came, itself included, or when it began if that were more. */
  readonly inFlight: number;
  /** When attempts last waited for others to end. */
  readonly boundAt: number;
  /** When attempts last waited for the rate. */
  readonly pacedAt: number;
  readonly openedAt: number;
}

/** Learns how many calls CommBox takes at the same time: what some throttles limit instead of a rate. */
export interface InFlightLimit {
  readonly limit: number;
  /** An attempt that began as number `inFlight` was granted. `isBound`: others wait for attempts to end. */
  granted(inFlight: number, isBound: boolean, now: number): void;
  /** The first refusal ever. It says little, but there is no reason to have more in flight than were granted. */
  refusedFirst(facts: LimitFacts): void;
  /** Whether this refusal was about the number in flight; the limit falls then. */
  blames(facts: LimitFacts): boolean;
  /** The pause after a refusal that was put on the limit has ended: that long did it cost. */
  reopened(pauseMs: number, now: number): void;
  restore(limit: number): void;
}

// A cold burst must not run into a wall; eight grants for each step reach the full number within a second or two.
const COLD_LIMIT = 4;
const GRANTS_PER_STEP = 8;
const RECENT_MS = 500;
const UNPACED_MS = 2_000;
// So often in a row is a refusal put on the limit without a sign that more than before were in flight.
const MOST_BLAMES = 3;
const LASTING_MS = 5_000;
const EXPLORATION = 0.012;
const LEAST_HOLD_MS = 5_000;
const MOST_HOLD_MS = 120_000;

/** @param options `concurrency`: the most that may ever be in flight; it may change */
export function createInFlightLimit(options: { readonly concurrency: number }): InFlightLimit {
  let limit = COLD_LIMIT;
  let grants = 0;
  let mostGranted = 0;
  let heldUntil = 0;
  let isHolding = false;
  let blamed = 0;

  return {
    get limit() {
      return Math.min(limit, options.concurrency);
    },
    granted(inFlight, isBound, now) {
      if (inFlight > mostGranted) mostGranted = inFlight;
      if (!isBound || limit >= options.concurrency || now < heldUntil) return;
      if (++grants < GRANTS_PER_STEP) return;
      grants = 0;
      limit++;
    },
    refusedFirst({ inFlight }) {
      // A single call was not one too many.
      if (inFlight <= 1) return;
      limit = inFlight - 1;
      isHolding = true;
    },
    blames({ now, inFlight, boundAt, pacedAt, openedAt }) {
      if (now - openedAt > LASTING_MS) blamed = 0;
      if (inFlight <= 1) return false;
      const isMoreThanEver = inFlight > mostGranted && boundAt > pacedAt;
      const isOnlyBound = now - boundAt < RECENT_MS && now - pacedAt > Math.min(UNPACED_MS, now - openedAt);
      if (!isMoreThanEver && !(isOnlyBound && blamed < MOST_BLAMES)) return false;
      blamed++;
      limit = inFlight - 1;
      mostGranted = limit;
      isHolding = true;
      return true;
    },
    reopened(pauseMs, now) {
      if (!isHolding) return;
      isHolding = false;
      heldUntil = now + Math.min(MOST_HOLD_MS, Math.max(LEAST_HOLD_MS, pauseMs / EXPLORATION));
    },
    restore(remembered) {
      limit = remembered;
    },
  };
}
