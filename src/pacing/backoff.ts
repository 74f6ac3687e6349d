export interface BackoffPolicy {
  readonly baseMs: number;
  readonly capMs: number;
}

/** After a 429. */
export const throttleBackoff: BackoffPolicy = { baseMs: 500, capMs: 30_000 };

/** After a 429 for one call too many, by a throttle that holds no further call against anybody. */
export const spacedBackoff: BackoffPolicy = { baseMs: 100, capMs: 30_000 };

/** After a failure to connect. */
export const connectBackoff: BackoffPolicy = { baseMs: 1_000, capMs: 30_000 };

/** How much later than a stated `Retry-After` an attempt may start, as a share of it: callers must not come in step. */
const RETRY_AFTER_JITTER = 0.1;

/**
 * Milliseconds to wait before attempt `failures + 1`: exponential with full jitter ("Exponential Backoff And Jitter",
 * AWS Architecture Blog), or, where the server stated a wait, never earlier than that.
 *
 * @param failures consecutive failures so far, at least 1
 * @param retryAfterMs what the server asked for, null if nothing usable
 * @param random uniform in [0, 1)
 */
export function backoffMs(
  policy: BackoffPolicy,
  failures: number,
  retryAfterMs: number | null,
  random: () => number,
): number {
  if (retryAfterMs !== null) return retryAfterMs * (1 + RETRY_AFTER_JITTER * random());
  return random() * Math.min(policy.capMs, policy.baseMs * 2 ** (failures - 1));
}

const LONGEST_EXHAUSTED_MS = 300_000;

/**
 * Milliseconds between two probes of a quota that is used up: doubling from 30 s to 5 min, the `nth` time (from 1), with
 * up to a quarter less, so that gateways do not come in step.
 */
export function exhaustedDelayMs(nth: number, random: () => number): number {
  return Math.min(LONGEST_EXHAUSTED_MS, throttleBackoff.capMs * 2 ** (nth - 1)) * (1 - 0.25 * random());
}
