import { createTimeSlots } from './time-slots.ts';

/** How often something happened in each of the last seconds. Times are epoch milliseconds. */
export interface LastSeconds {
  add(count: number, now: number): void;
  /** The counts of the whole seconds between the two times, the oldest first; of the last 20 at most. */
  counts(since: number, until: number): number[];
  /** How often since the beginning of each of the last 20 seconds after `since`, the latest first, up to now. */
  sums(since: number, now: number): { readonly since: number; readonly count: number }[];
}

const SECOND_MS = 1_000;
const KEPT = 20;

export function createLastSeconds(): LastSeconds {
  const seconds = createTimeSlots({ slotMs: SECOND_MS, kept: KEPT + 1 });

  return {
    add: seconds.add,
    counts(since, until) {
      const end = seconds.slotAt(until);
      const counts: number[] = [];
      for (let second = Math.max(Math.ceil(since / SECOND_MS), end - KEPT); second < end; second++) {
        counts.push(seconds.count(second));
      }
      return counts;
    },
    sums(since, now) {
      const sums: { since: number; count: number }[] = [];
      const end = seconds.slotAt(now);
      let count = 0;
      for (let second = end; second > end - KEPT && (second + 1) * SECOND_MS > since; second--) {
        count += seconds.count(second);
        sums.push({ since: Math.max(since, second * SECOND_MS), count });
      }
      return sums;
    },
  };
}
