/**
 * How many slots a caller's `critical` messages may be ahead of its share. Since the share flows in meanwhile, a burst
 * of `CRITICAL_BURST / (1 - criticalShare)` messages, 20 at the default share, goes in front as a whole: one-time
 * passwords come in such bursts when a mailing brings people to a login. At 20 messages a second it delays the others
 * by one second, and no caller can repeat it faster than its share allows.
 */
export const CRITICAL_BURST = 10;

/**
 * Caps what a caller's `critical` messages may take before all others at a share of the account's slots: a token bucket
 * that fills by slots given, not by time, since the cap is a share of whatever rate there is.
 */
export interface CriticalCap {
  /** A slot of the account is about to be given. */
  slot(): void;
  /** The slot was not given, or not used. */
  unslot(): void;
  mayGoFirst(caller: string): boolean;
  /** Takes one slot from the allowance; returns what to give back should it not be used. */
  spend(caller: string): number;
  giveBack(caller: string, spent: number): void;
  /** The account has nothing to send: every caller has its whole allowance again. */
  reset(): void;
}

/** Told in slots, not in what is left, so that taking slots back undoes exactly what they did. */
export function createCriticalCap(shareOf: (caller: string) => number): CriticalCap {
  /** By caller the slot of the account at which its allowance is whole again. */
  const wholeAt = new Map<string, number>();
  let slots = 0;

  return {
    slot() {
      slots += 1;
    },
    unslot() {
      slots -= 1;
    },
    mayGoFirst(caller) {
      const share = shareOf(caller);
      const slotsMissing = (wholeAt.get(caller) ?? 0) - slots;
      const most = CRITICAL_BURST / share;
      // What a smaller share has cost must not outlive it.
      if (slotsMissing > most) wholeAt.set(caller, slots + most);
      return slotsMissing * share <= CRITICAL_BURST - 1;
    },
    spend(caller) {
      const before = wholeAt.get(caller) ?? 0;
      const after = Math.max(before, slots) + 1 / shareOf(caller);
      wholeAt.set(caller, after);
      return after - before;
    },
    giveBack(caller, spent) {
      wholeAt.set(caller, (wholeAt.get(caller) ?? 0) - spent);
    },
    reset() {
      if (wholeAt.size > 0) wholeAt.clear();
    },
  };
}
