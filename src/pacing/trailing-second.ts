/** How many calls were granted within the last second. Times are epoch milliseconds. */
export interface TrailingSecond {
  add(calls: number, now: number): void;
  count(now: number): number;
}

const SLOT_MS = 25;
const SLOTS = 40;

export function createTrailingSecond(): TrailingSecond {
  const slots = Array.from({ length: SLOTS }, () => ({ at: -1, calls: 0 }));

  return {
    add(calls, now) {
      const at = Math.floor(now / SLOT_MS);
      const slot = slots[at % SLOTS];
      if (slot === undefined) return;
      if (slot.at !== at) slot.calls = 0;
      slot.at = at;
      slot.calls += calls;
    },
    count(now) {
      const oldest = Math.floor(now / SLOT_MS) - SLOTS;
      return slots.reduce((sum, { at, calls }) => sum + (at > oldest ? calls : 0), 0);
    },
  };
}
