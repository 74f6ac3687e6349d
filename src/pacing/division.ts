import { createPlaces } from './division-places.ts';
import { createWindowShares } from './division-window.ts';
import { type Division, type DivisionFacts, sharesOf } from './pacing-report.ts';

/**
 * Divides what CommBox allows among the processes. What one gains is its only after another has given it up, so the
 * leader must ask again at every exchange.
 */
export interface Divider {
  divide(facts: DivisionFacts): Division;
}

export function createDivider(): Divider {
  const places = createPlaces();
  const windowShares = createWindowShares();

  return {
    divide(facts) {
      const { reports, memory } = facts;
      const hasRate = memory.learned.rate !== null;
      const shares = sharesOf(reports, hasRate);
      // While nothing was ever refused there is enough for all, and none must wait for another.
      if (!hasRate || reports.size === 1) return { shares };
      const isWindow = memory.learned.shape === 'window';
      return {
        shares: (isWindow ? windowShares.divide(facts) : null) ?? shares,
        places: places.divide(facts, shares),
      };
    },
  };
}
