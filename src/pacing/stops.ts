import type { Lane } from '../channels/channel.ts';
import type { Pause } from '../store/flows.ts';

/** What operators have stopped, as this process knows it. Asked for every message, so that looking is cheap. */
export interface Stops {
  /** Swaps everything at once. */
  replace(pauses: readonly Pause[]): void;
  /** Whether any stop holds the flow: of its account, its lane, its caller, or of itself. */
  isStopped(account: string, lane: Lane, caller: string): boolean;
  /** What `replace` was given last. */
  list(): readonly Pause[];
}

/** By lane (null: all of them) the callers that are stopped in it (null: every caller). */
type Account = Map<Lane | null, Set<string | null>>;

export function createStops(): Stops {
  let all: readonly Pause[] = [];
  let accounts = new Map<string, Account>();

  const holds = (callers: Set<string | null> | undefined, caller: string) =>
    callers !== undefined && (callers.has(null) || callers.has(caller));

  return {
    replace(pauses) {
      const next = new Map<string, Account>();
      for (const { account, lane, caller } of pauses) {
        const byLane = next.get(account) ?? new Map<Lane | null, Set<string | null>>();
        next.set(account, byLane.set(lane, (byLane.get(lane) ?? new Set()).add(caller)));
      }
      accounts = next;
      all = [...pauses];
    },
    isStopped(account, lane, caller) {
      if (accounts.size === 0) return false;
      const byLane = accounts.get(account);
      return byLane !== undefined && (holds(byLane.get(null), caller) || holds(byLane.get(lane), caller));
    },
    list: () => all,
  };
}
