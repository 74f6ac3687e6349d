import { createTimeSlots } from './time-slots.ts';

/** How many calls were granted within the last second. Times are epoch milliseconds. */
export interface TrailingSecond {
  add(calls: number, now: number): void;
  count(now: number): number;
}

const SLOT_MS = 25;
const SLOTS = 40;

export function createTrailingSecond(): TrailingSecond {
  const slots = createTimeSlots({ slotMs: SLOT_MS, kept: SLOTS });

  return {
    add: slots.add,
    count(now) {
      const latest = slots.slotAt(now);
      let calls = 0;
      for (let slot = latest; slot > latest - SLOTS; slot--) calls += slots.count(slot);
      return calls;
    },
  };
}
