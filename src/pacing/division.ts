import { byNeed, byShare, createPlaces } from './division-places.ts';
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
  const places = createPlaces(byNeed, 0);
  const freePlaces = createPlaces(byShare, 1);
  const windowShares = createWindowShares();

  return {
    divide(facts) {
      const { reports, memory } = facts;
      const hasRate = memory.learned.rate !== null;
      const shares = sharesOf(reports, hasRate);
      if (reports.size === 1) return { shares };
      // While nothing was ever refused only the configured limit is in the way: how much of its part each can fill it
      // finds out for itself.
      if (!hasRate) return { shares, places: freePlaces.divide(facts, shares, facts.concurrency) };
      const isWindow = memory.learned.shape === 'window';
      return {
        shares: (isWindow ? windowShares.divide(facts) : null) ?? shares,
        places: places.divide(facts, shares, memory.inFlightLimit),
      };
    },
  };
}
