import type { FairFlow, FairLane } from './lanes.ts';
import type { Charge } from './scheduler-charges.ts';

/**
 * What `critical` flows send above their caps. Together they compete with the flows of `normal`, as one flow that has
 * the sum of their weights; among each other they are served fairly by weight. The two must be apart: where `normal`
 * lives on its floor, the flows of the excess would else lose their places to it, and with them their shares.
 */
export interface Excess {
  /** The flow whose turn it is, unless that of `rival` comes first. Only after all others of its lane have had theirs. */
  pick(rival: FairFlow | null): FairFlow | null;
  charge(flow: FairFlow, entry: Charge): void;
  refund(flow: FairFlow, entry: Charge): void;
}

export function createExcess(critical: FairLane, normal: FairLane, weightOf: (caller: string) => number): Excess {
  /** Tag of all of the excess, in the virtual time of `normal`. */
  let tag = 0;
  /** Virtual time among the flows of the excess. */
  let virtual = 0;

  return {
    pick(rival) {
      let best: FairFlow | null = null;
      for (const flow of critical.capped) if (best === null || flow.excessTag < best.excessTag) best = flow;
      return rival === null || Math.max(tag, normal.virtual) <= rival.tag ? best : null;
    },
    charge(flow, entry) {
      let weight = 0;
      for (const { key } of critical.capped) weight += weightOf(key.caller);
      entry.virtual = normal.virtual;
      normal.virtual = Math.max(tag, normal.virtual);
      entry.spent = normal.virtual + 1 / weight - tag;
      tag += entry.spent;

      entry.excessVirtual = virtual;
      virtual = Math.max(flow.excessTag, virtual);
      entry.cost = virtual + 1 / weightOf(flow.key.caller) - flow.excessTag;
      flow.excessTag += entry.cost;
    },
    refund(flow, entry) {
      tag -= entry.spent;
      normal.virtual = Math.min(normal.virtual, entry.virtual);
      flow.excessTag -= entry.cost;
      virtual = Math.min(virtual, entry.excessVirtual);
    },
  };
}
