import type { Cycle } from './cycle-evidence.ts';
import type { Belief } from './throttle-belief.ts';

// Of what went through before a burst was refused, some flowed in meanwhile.
const BURST_GRANTED = 0.85;
const GROWTH = 1.3;

/** Whether it was larger than one that was granted. */
export const wasTooLarge = ({ burst, safeBurst }: Belief) => safeBurst > 0 && burst > safeBurst;

/** It is what was granted before, and does not grow again. */
export const withSafeBurst = (belief: Belief): Belief => {
  return { ...belief, burst: belief.safeBurst, mostBurst: belief.safeBurst };
};

/** A burst was granted: a larger one is tried the next time. */
export function withBurstGranted(belief: Belief, { caughtUp }: Cycle): Belief {
  const { burst, safeBurst, mostBurst, shape } = belief;
  if (caughtUp <= 1 || shape !== 'bucket') return belief;
  return {
    ...belief,
    safeBurst: Math.max(safeBurst, Math.min(burst, caughtUp)),
    burst: caughtUp >= burst ? Math.min(mostBurst, Math.ceil(burst * GROWTH)) : burst,
  };
}

/** A burst was refused right away: what it was granted is the most from now on. */
export function withBurstCut(belief: Belief, { grants }: Cycle): Belief {
  const burst = Math.max(1, Math.min(belief.burst, Math.floor(BURST_GRANTED * grants)));
  return { ...belief, burst, mostBurst: burst };
}
