import type { PacerParts } from './pacer-parts.ts';

/** How fast messages go, per second, of all processes together; null = all that come. */
export interface Pace {
  /** That will probably go. */
  likely(now: number): number | null;
  /** The same at best: what is allowed by now, whatever the pauses were until that was found. */
  best(now: number): number | null;
}

const TELLING_SHARE = 0.1;

export function createPace({ breakers, learner, inFlightLimit, throughput, role }: PacerParts): Pace {
  const atOnce = (now: number) => throughput.atOnce(inFlightLimit.limit, now) ?? Number.POSITIVE_INFINITY;

  return {
    likely(now) {
      const measured = throughput.perSecond(breakers.closedAt ?? now);
      // The leader hears of all grants; what a small part can do says little about the whole.
      const part = role().leads ? 1 : role().share;
      const whole = measured === null || part < TELLING_SHARE ? null : measured / part;
      return finite(Math.min(learner.rate, whole ?? atOnce(now)));
    },
    best: (now) => finite(Math.min(learner.rate, atOnce(now))),
  };
}

const finite = (rate: number) => (Number.isFinite(rate) ? rate : null);
