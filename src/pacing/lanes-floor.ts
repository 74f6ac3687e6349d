import type { Lane } from '../channels/channel.ts';

/** Lanes that higher ones could starve. */
export type LowerLane = Exclude<Lane, 'critical'>;

/**
 * A lower lane with something to send gets every so many'th slot, whatever waits above it. Every 20th would be the 5 %
 * that are promised; every 19th keeps the promise over any hundred slots, also where both lanes are due at once.
 */
export const FLOOR_EVERY = 19;
const DUE = FLOOR_EVERY - 1;
// Two lanes can be due at once, so that one of them waits a slot longer; more is never saved up.
const MOST = 2 * DUE;

/** What one slot did to the credits, so that it can be undone. */
export interface FloorEffect {
  /** Lanes that were passed over, and gained by it. */
  normal: boolean;
  bulk: boolean;
  /** What the lane that got the slot paid. */
  paid: number;
}

/** Credit of the lower lanes, in slots that passed them over. */
export interface Floors {
  /** The lane that has waited longest for its share and is due; null if none is. */
  due(): LowerLane | null;
  /** `lane` got the slot, while these lanes had something to send. */
  served(lane: Lane, hasNormal: boolean, hasBulk: boolean, effect: FloorEffect): void;
  undo(lane: Lane, effect: FloorEffect): void;
  /** The lane has nothing to send: its credit ends. */
  forget(lane: Lane): void;
}

export function createFloors(): Floors {
  const credit: Record<Lane, number> = { critical: 0, normal: 0, bulk: 0 };

  return {
    due() {
      const first = credit.bulk > credit.normal ? 'bulk' : 'normal';
      return credit[first] >= DUE ? first : null;
    },
    served(lane, hasNormal, hasBulk, effect) {
      effect.normal = hasNormal && lane !== 'normal' && credit.normal < MOST;
      effect.bulk = hasBulk && lane !== 'bulk' && credit.bulk < MOST;
      if (effect.normal) credit.normal += 1;
      if (effect.bulk) credit.bulk += 1;
      effect.paid = Math.min(credit[lane], DUE);
      credit[lane] -= effect.paid;
    },
    undo(lane, effect) {
      if (effect.normal) credit.normal = Math.max(0, credit.normal - 1);
      if (effect.bulk) credit.bulk = Math.max(0, credit.bulk - 1);
      credit[lane] = Math.min(MOST, credit[lane] + effect.paid);
    },
    forget(lane) {
      credit[lane] = 0;
    },
  };
}
