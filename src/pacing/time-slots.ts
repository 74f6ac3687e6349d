/** How often something happened in each of the last slots of time. Times are epoch milliseconds. */
export interface TimeSlots {
  /** The number of the slot that this time lies in; the next one has the next number. */
  slotAt(now: number): number;
  add(count: number, now: number): void;
  /** 0 if nothing happened in it, or if it is too long ago. */
  count(slot: number): number;
}

/** @param kept so many slots, counted back from the latest one in which something happened */
export function createTimeSlots(options: { readonly slotMs: number; readonly kept: number }): TimeSlots {
  const { slotMs, kept } = options;
  const slots = Array.from({ length: kept }, () => ({ slot: -1, count: 0 }));
  const placeOf = (slot: number) => slots[slot % kept] ?? { slot: -1, count: 0 };
  const slotAt = (now: number) => Math.floor(now / slotMs);

  return {
    slotAt,
    add(count, now) {
      const slot = slotAt(now);
      const place = placeOf(slot);
      if (place.slot !== slot) place.count = 0;
      place.slot = slot;
      place.count += count;
    },
    count(slot) {
      const place = placeOf(slot);
      return place.slot === slot ? place.count : 0;
    },
  };
}
