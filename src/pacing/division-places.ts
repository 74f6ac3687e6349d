import type { DivisionFacts } from './pacing-report.ts';
import { handedOver, type Parts, wholeParts } from './whole-parts.ts';

/** Divides a limit on calls in flight into whole places. */
export interface Places {
  /** @param shares of all that is wanted, which places follow while there are too few */
  divide(facts: DivisionFacts, shares: Parts, limit: number): Record<string, number>;
}

/** How many places each would have if they could be divided at will. */
type Ideals = (facts: DivisionFacts, shares: Parts, limit: number, hasWaited: (name: string) => boolean) => Parts;

// So long lacks one place whoever has half of one too little, until it is its turn.
const TURN_MS = 1_000;
const MOST_DEBT = 2;
// The time between two looks that are far apart was not spent as it was at their ends.
const MOST_MS = 1_000;
// A call that had to wait for a place this long ago tells that there are too few.
const WAITED_MS = 1_000;

/** @param least what each has at least, where there is a place for everyone */
export function createPlaces(idealsOf: Ideals, least: 0 | 1): Places {
  /** What each was left short of, in places; carried over, so that 0.4 places are one for 40 % of the time. */
  let debts: Parts = {};
  /** Where the last look led; what is published follows as places fall free. */
  let aim: Parts | null = null;
  let countedAt = 0;
  const waits = createWaits();

  const carryOver = (ideals: Parts, had: Parts, now: number) => {
    const ms = aim === null ? 0 : Math.min(MOST_MS, now - countedAt);
    countedAt = now;
    debts = mapped(ideals, (name, ideal) => {
      // One place of many is hardly worth handing over.
      const turns = ms / (TURN_MS * Math.max(1, ideal));
      const debt = (debts[name] ?? 0) + (ideal - (had[name] ?? 0)) * turns;
      return Math.min(MOST_DEBT, Math.max(-MOST_DEBT, debt));
    });
  };

  return {
    divide(facts, shares, limit) {
      const { reports, before, self, inFlight, now } = facts;
      const had = before?.places ?? {};
      waits.notice(reports, now);
      const ideals = idealsOf(facts, shares, limit, (name) => waits.waited(name, now));
      carryOver(ideals, aim ?? had, now);
      const goals = mapped(ideals, (name, ideal) => ideal + (debts[name] ?? 0));
      const targets = wholeParts(goals, limit, aim ?? had, limit < reports.size ? 0 : least);
      aim = targets;
      const held = mapped(ideals, (name) => {
        const own = had[name] ?? 0;
        // The leader obeys at once.
        if (name === self) return Math.max(inFlight, Math.min(own, targets[name] ?? 0));
        return Math.max(reports.get(name)?.holds ?? 0, own);
      });
      return handedOver(targets, held, limit);
    },
  };
}

/** Remembers whose calls waited for a place lately. */
function createWaits() {
  const seen = new Map<string, { readonly bound: number; readonly at: number }>();
  return {
    notice(reports: DivisionFacts['reports'], now: number) {
      for (const name of seen.keys()) if (!reports.has(name)) seen.delete(name);
      for (const [name, { bound = 0 }] of reports) {
        const last = seen.get(name);
        const hasWaited = last !== undefined && bound > last.bound;
        seen.set(name, { bound, at: hasWaited ? now : (last?.at ?? Number.NEGATIVE_INFINITY) });
      }
    },
    waited: (name: string, now: number) => now - (seen.get(name)?.at ?? Number.NEGATIVE_INFINITY) < WAITED_MS,
  };
}

/**
 * While there is a place for all that is wanted, and one more for each that wants nothing and may want something any
 * moment, each has them. Else who wants nothing has to ask first. Who wants something keeps a place unless that keeps
 * others waiting that may have more.
 */
export const byNeed: Ideals = ({ reports }, shares, limit, hasWaited) => {
  const wanted = Object.fromEntries([...reports].map(([name, { wants }]) => [name, Math.max(1, wants)]));
  const spare = limit - sumOf(wanted);
  if (spare >= 0) return mapped(wanted, (name, own) => own + spare * (shares[name] ?? 0));
  const claims = mapped(wanted, (name) => ((reports.get(name)?.wants ?? 0) > 0 ? (shares[name] ?? 0) : 0));
  const ideals = scaled(claims, limit);
  const isShort = Object.entries(ideals).some(([name, ideal]) => ideal >= 1 && hasWaited(name));
  if (isShort) return ideals;
  const least = mapped(ideals, (_, ideal) => (ideal > 0 ? 1 : 0));
  const more = limit - sumOf(least);
  if (more <= 0) return ideals;
  const rest = scaled(
    mapped(ideals, (_, ideal) => Math.max(0, ideal - 1)),
    more,
  );
  return mapped(least, (name, one) => one + (rest[name] ?? 0));
};

/** Where there is a place for everyone, each has one, and of the others its share, whatever it wants just now. */
export const byShare: Ideals = (facts, shares, limit, hasWaited) => {
  const spare = limit - facts.reports.size;
  return spare < 0 ? byNeed(facts, shares, limit, hasWaited) : mapped(shares, (_, share) => 1 + spare * share);
};

const sumOf = (parts: Parts) => Object.values(parts).reduce((sum, number) => sum + number, 0);
const mapped = (parts: Parts, map: (name: string, part: number) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, map(name, part)]));
const scaled = (parts: Parts, total: number) => {
  const sum = sumOf(parts);
  return mapped(parts, (_, part) => (sum === 0 ? 0 : (part * total) / sum));
};
