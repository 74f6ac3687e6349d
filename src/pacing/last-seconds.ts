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
  const slots = Array.from({ length: KEPT + 1 }, () => ({ second: -1, count: 0 }));
  const slotOf = (second: number) => slots[second % slots.length] ?? { second: -1, count: 0 };

  return {
    add(count, now) {
      const second = Math.floor(now / SECOND_MS);
      const slot = slotOf(second);
      if (slot.second !== second) slot.count = 0;
      slot.second = second;
      slot.count += count;
    },
    counts(since, until) {
      const end = Math.floor(until / SECOND_MS);
      const counts: number[] = [];
      for (let second = Math.max(Math.ceil(since / SECOND_MS), end - KEPT); second < end; second++) {
        const slot = slotOf(second);
        counts.push(slot.second === second ? slot.count : 0);
      }
      return counts;
    },
    sums(since, now) {
      const sums: { since: number; count: number }[] = [];
      const end = Math.floor(now / SECOND_MS);
      let count = 0;
      for (let second = end; second > end - KEPT && (second + 1) * SECOND_MS > since; second--) {
        const slot = slotOf(second);
        if (slot.second === second) count += slot.count;
        sums.push({ since: Math.max(since, second * SECOND_MS), count });
      }
      return sums;
    },
  };
}
