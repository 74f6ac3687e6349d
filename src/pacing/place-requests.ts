import type { Role, Turn } from './role.ts';

/** Tells the other processes at once what this one wants of the places in flight, instead of at the next exchange. */
export interface PlaceRequests {
  /** Somebody waits here. Whoever has no place does not wait until it is asked whether it wants one. */
  waited(): void;
  /** An attempt has ended, and so many are left. */
  ended(inFlight: number): void;
  /** There is a new role. */
  renew(): void;
}

export function createPlaceRequests(role: () => Role, onTurn: (turn: Turn) => void): PlaceRequests {
  let hasAsked = false;

  return {
    waited() {
      if (hasAsked || role().places !== 0) return;
      hasAsked = true;
      onTurn({ places: 'wanted' });
    },
    ended(inFlight) {
      const { places } = role();
      if (places !== undefined && inFlight >= places) onTurn({ places: 'left' });
    },
    renew() {
      if (role().places !== 0) hasAsked = false;
    },
  };
}
