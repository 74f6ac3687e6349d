import type { InFlightLimit } from './in-flight-limit.ts';
import type { LimitFacts } from './in-flight-verdict.ts';
import type { RateLearner } from './rate-learner.ts';

/** What the pauses of an account teach the process that learns for all: about its rate, or about the number in flight. */
export interface Lessons {
  /** An open account was closed. `isTelling` = attempts went at the rate that is being learned. */
  closed(retryAfterMs: number | null, facts: LimitFacts, isTelling: boolean): void;
  /** It is open again. Returns the calls that were saved up meanwhile, null if that is not known. */
  opened(facts: OpeningFacts): number | null;
}

/** How an account was opened. Times are epoch milliseconds. */
export interface OpeningFacts {
  readonly now: number;
  readonly pauseMs: number;
  /** When it was refused last. */
  readonly failedAt: number;
  /** Whether other processes send, too. */
  readonly isShared: boolean;
  /** Whether calls made meanwhile were seen not to make the throttle last longer. */
  readonly isLenient: boolean;
}

export function createLessons(learner: RateLearner, inFlightLimit: InFlightLimit): Lessons {
  let isOnRate = false;

  return {
    closed(retryAfterMs, facts, isTelling) {
      isOnRate = isTelling;
      if (!isTelling) return;
      const isFirst = learner.rate === Number.POSITIVE_INFINITY;
      if (isFirst) inFlightLimit.refusedFirst(facts);
      const wasPaced =
        isFirst ||
        !inFlightLimit.blames({ ...facts, isUsedUp: learner.isUsedUp(facts.now, facts.inFlight, facts.isGuess) });
      learner.refused({ at: facts.now, wasPaced, statedMs: retryAfterMs ?? 0 });
    },
    opened({ now, pauseMs, failedAt, isShared, isLenient }) {
      inFlightLimit.reopened(pauseMs, now, isShared);
      if (!isOnRate) return null;
      const saved = learner.reopened(now, { failedAt, isLenient });
      // The other processes' bursts are not seen, but what they may use of it is known.
      if (saved > 1) learner.burstBegan(now);
      return saved;
    },
  };
}
