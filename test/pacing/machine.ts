/** A busy machine: now and then the process stands still for a moment, and all that is due then happens at its end. */
export interface Machine {
  /** When something that is due at this time happens, in milliseconds. */
  happensAt(due: number): number;
}

export interface Stalls {
  /** The mean time from one to the next. */
  readonly everyMs: number;
  readonly lastMs: readonly [number, number];
}

/** @param random uniform in [0, 1) */
export function createMachine({ everyMs, lastMs: [least, most] }: Stalls, random: () => number): Machine {
  const stalls: { readonly from: number; readonly to: number }[] = [];
  let until = 0;
  return {
    happensAt(due) {
      while (until <= due) {
        const from = until - everyMs * Math.log(1 - random());
        until = from + least + random() * (most - least);
        stalls.push({ from, to: until });
      }
      const stall = stalls.findLast(({ from }) => from <= due);
      return stall === undefined ? due : Math.max(due, stall.to);
    },
  };
}
