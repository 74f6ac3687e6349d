import { type Lane, lanes } from '../channels/channel.ts';
import { createLastSeconds } from './last-seconds.ts';

/** What comes in, by lane: more of the higher lanes will go before whoever waits in a lower one. */
export interface Inflow {
  arrived(lane: Lane, now: number): void;
  /** Messages that come in a usual second in the lanes above this one. */
  above(lane: Lane, now: number): number;
}

const LEAST_SECONDS = 5;

export function createInflow(): Inflow {
  const arrivals = new Map(lanes.map((lane) => [lane, createLastSeconds()]));
  let since = Number.POSITIVE_INFINITY;

  // The median: a thousand that come in one request are in the backlog already, and say nothing about the next second.
  const usual = (lane: Lane, now: number) => {
    const counts = arrivals.get(lane)?.counts(since, now) ?? [];
    if (counts.length < LEAST_SECONDS) return 0;
    return counts.sort((one, other) => one - other)[counts.length >> 1] ?? 0;
  };

  return {
    arrived(lane, now) {
      since = Math.min(since, now);
      arrivals.get(lane)?.add(1, now);
    },
    above: (lane, now) => lanes.slice(0, lanes.indexOf(lane)).reduce((sum, higher) => sum + usual(higher, now), 0),
  };
}
