import { type DivisionFacts, LEAST_SHARE, type Report } from './pacing-report.ts';
import { handedOver, type Parts, wholeParts } from './whole-parts.ts';

/**
 * Divides the rate of a window so that each process that sends has a whole number of its calls: only then do calls that
 * each spaces out for itself keep within it together.
 */
export interface WindowShares {
  /** Null while nobody sends, or if the window has too few calls for all that do. */
  divide(facts: DivisionFacts): Record<string, number> | null;
}

// Who sends now and then must not lose its calls each time, since they come back only a window later.
const IDLE_MS = 3_000;
// Until all have heard, and the calls that were on their way have arrived.
const HEARD_MS = 150;
const PRECISION = 1_000_000;

export function createWindowShares(): WindowShares {
  /** What those had who gave something up, for as long as that may be in the window. */
  let past: readonly { readonly until: number; readonly calls: Parts }[] = [];
  const seen = new Map<string, { readonly granted: number; readonly activeAt: number }>();

  const notice = (name: string, { wants, granted }: Report, now: number) => {
    const last = seen.get(name);
    const isActive = wants > 0 || (last !== undefined && granted > last.granted);
    seen.set(name, { granted, activeAt: isActive ? now : (last?.activeAt ?? Number.NEGATIVE_INFINITY) });
  };

  return {
    divide({ reports, memory, before, now }) {
      for (const name of seen.keys()) if (!reports.has(name)) seen.delete(name);
      for (const [name, report] of reports) notice(name, report, now);
      const active = [...reports].filter(([name]) => now - (seen.get(name)?.activeAt ?? 0) < IDLE_MS);
      const { rate, windowS = 1 } = memory.learned;
      const total = Math.ceil((rate ?? 0) * windowS);
      if (active.length === 0 || total < active.length) return null;

      const part = 1 - (reports.size - active.length) * LEAST_SHARE;
      const had = (name: string) => Math.round(((before?.shares[name] ?? 0) * total) / part);
      const calls = Object.fromEntries(active.map(([name]) => [name, had(name)]));
      const wanted = active.reduce((sum, [, { wants }]) => sum + wants, 0);
      const ideals = active.map(([name, { wants }]) => [name, wanted === 0 ? 0 : (total * wants) / wanted] as const);
      const targets = wanted === 0 ? calls : wholeParts(Object.fromEntries(ideals), total, calls, 1);

      past = past.filter(({ until }) => now < until);
      // While nobody waits for the rate, the window has room for all.
      const isFull = active.some(([, { isPaced }]) => isPaced);
      const heldBy = (name: string) =>
        isFull
          ? Math.max(had(name), ...past.map((then) => then.calls[name] ?? 0))
          : Math.min(had(name), targets[name] ?? 0);
      const held = Object.fromEntries(active.map(([name]) => [name, heldBy(name)]));
      if (active.some(([name]) => (targets[name] ?? 0) < had(name))) {
        past = [...past, { until: now + windowS * 1_000 + HEARD_MS, calls }];
      }
      const parts = handedOver(targets, held, total);
      const shareOf = (name: string) =>
        Math.max(LEAST_SHARE, Math.floor((((parts[name] ?? 0) * part) / total) * PRECISION) / PRECISION);
      return Object.fromEntries([...reports.keys()].map((name) => [name, shareOf(name)]));
    },
  };
}
