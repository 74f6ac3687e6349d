import { type Lane, lanes } from '../channels/channel.ts';
import { createLastSeconds } from './last-seconds.ts';

/** What keeps coming into the lanes above one. */
export interface InflowAbove {
  /** Messages that come in a usual second. */
  readonly perSecond: number;
  /** Since when they have been coming without a long gap: how many milliseconds ago. */
  readonly lastsMs: number;
}

/** What comes in, by lane: more of the higher lanes will go before whoever waits in a lower one. */
export interface Inflow {
  arrived(lane: Lane, now: number): void;
  above(lane: Lane, now: number): InflowAbove;
}

const LEAST_SECONDS = 5;
// Nothing came for all the seconds that are kept: what comes then has just begun.
const GAP_MS = 20_000;
// A thousand that come in one request are in the backlog already, and say nothing about the next second.
const UNUSUAL_PART = 0.1;

export function createInflow(): Inflow {
  const createArrivals = () => ({ seconds: createLastSeconds(), since: 0, latestAt: Number.NEGATIVE_INFINITY });
  const arrivals: Record<Lane, ReturnType<typeof createArrivals>> = {
    critical: createArrivals(),
    normal: createArrivals(),
    bulk: createArrivals(),
  };
  let since = Number.POSITIVE_INFINITY;

  return {
    arrived(lane, now) {
      since = Math.min(since, now);
      const entry = arrivals[lane];
      if (now - entry.latestAt > GAP_MS) entry.since = now;
      entry.latestAt = now;
      entry.seconds.add(1, now);
    },
    above(lane, now) {
      const sums: number[] = [];
      let begun = now;
      for (const higher of lanes.slice(0, lanes.indexOf(lane))) {
        const entry = arrivals[higher];
        if (now - entry.latestAt > GAP_MS) continue;
        begun = Math.min(begun, entry.since);
        entry.seconds.counts(since, now).forEach((count, index) => {
          sums[index] = (sums[index] ?? 0) + count;
        });
      }
      return { perSecond: usual(sums), lastsMs: now - begun };
    },
  };
}

/** The mean, with the few highest counts taken for no more than the next one. */
function usual(counts: readonly number[]): number {
  if (counts.length < LEAST_SECONDS) return 0;
  const sorted = counts.toSorted((one, other) => other - one);
  const most = sorted[Math.ceil(UNUSUAL_PART * sorted.length)] ?? 0;
  return sorted.reduce((sum, count) => sum + Math.min(count, most), 0) / sorted.length;
}
