import type { InFlightLimit } from './in-flight-limit.ts';
import type { LimitFacts } from './in-flight-verdict.ts';
import type { RateLearner } from './rate-learner.ts';

/** What the pauses of an account teach the process that learns for all: about its rate, or about the number in flight. */
export interface Lessons {
  /** An open account was closed. `isTelling` = attempts went at the rate that is being learned. */
  closed(retryAfterMs: number | null, facts: LimitFacts, isTelling: boolean): void;
  /**
   * It is open again; `failedAt` is when it was refused last, `isShared` whether other processes send, too. Returns the
   * calls that were saved up meanwhile, null if that is not known.
   */
  opened(pauseMs: number, failedAt: number, now: number, isShared: boolean): number | null;
}

export function createLessons(learner: RateLearner, inFlightLimit: InFlightLimit): Lessons {
  let isOnRate = false;

  return {
    closed(retryAfterMs, facts, isTelling) {
      isOnRate = isTelling;
      if (!isTelling) return;
      const isFirst = learner.rate === Number.POSITIVE_INFINITY;
      if (isFirst) inFlightLimit.refusedFirst(facts);
      const wasPaced = isFirst || !inFlightLimit.blames(facts);
      learner.refused({ at: facts.now, wasPaced, statedMs: retryAfterMs ?? 0 });
    },
    opened(pauseMs, failedAt, now, isShared) {
      inFlightLimit.reopened(pauseMs, now, isShared);
      if (!isOnRate) return null;
      const saved = learner.reopened(now, failedAt);
      // The other processes' bursts are not seen, but what they may use of it is known.
      if (saved > 1) learner.burstBegan(now);
      return saved;
    },
  };
}
