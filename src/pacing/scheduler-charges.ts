import type { FairFlow, Return } from './lanes.ts';
import type { FloorEffect } from './lanes-floor.ts';

/** At what level a slot was given; `free`: nobody else wanted it, so that it was charged to nobody. */
export type ChargeLevel = 'free' | 'lane' | 'excess';

/** One slot that was given, and everything it was charged with. */
export interface Charge extends FloorEffect {
  flow: FairFlow | null;
  level: ChargeLevel;
  cost: number;
  /** What it took from the critical allowance of its caller; at the level of the excess, from that of all excess. */
  spent: number;
  /** At the level of the excess: the virtual times of `normal` and of the excess before. */
  virtual: number;
  excessVirtual: number;
  /** Critical flows that it let back into the order of their lane. */
  returns: readonly Return[];
}

// More slots than are ever planned and still to be looked up. A power of two.
const REMEMBERED = 512;

/** The latest slots, so that exactly what one was charged with can be given back. Makes no garbage. */
export interface ChargeBook {
  /** The entry to be filled in for a new slot; that of an old one. */
  next(flow: FairFlow): Charge;
  /** Removes and returns the latest charge of the flow; null if it is none of the last 512 slots. */
  takeBack(flow: FairFlow): Charge | null;
}

export function createChargeBook(): ChargeBook {
  const entries = Array.from(
    { length: REMEMBERED },
    (): Charge => ({
      flow: null,
      level: 'free',
      cost: 0,
      spent: 0,
      virtual: 0,
      excessVirtual: 0,
      returns: [],
      normal: false,
      bulk: false,
      paid: 0,
    }),
  );
  let cursor = 0;

  return {
    next(flow) {
      const entry = entries[cursor];
      if (entry === undefined) throw new Error('the book of charges has no such page');
      cursor = (cursor + 1) & (REMEMBERED - 1);
      entry.flow = flow;
      return entry;
    },
    takeBack(flow) {
      for (let age = 1; age <= REMEMBERED; age++) {
        const entry = entries[(cursor - age) & (REMEMBERED - 1)];
        if (entry?.flow !== flow) continue;
        entry.flow = null;
        return entry;
      }
      return null;
    },
  };
}
