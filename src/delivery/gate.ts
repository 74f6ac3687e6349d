import { backoffMs, connectBackoff, throttleBackoff } from './backoff.ts';

/** What closed the gate. */
export type PauseCause = 'quota' | 'connection';

/**
 * Decides when the next attempt of an account may start. One gate per account, passed by every attempt of every
 * caller: the first refusal pauses them all, one probe tries again, and only its success opens the gate, step by step.
 */
export interface Gate {
  /** When an attempt may start, in epoch milliseconds: `now` or earlier = at once, Infinity = once one in flight ends. */
  opensAt(now: number): number;
  /** How many attempts may start now; Infinity while nothing holds them back. */
  room(now: number): number;
  /** Notes a start. The returned pass must be given back exactly once, by one of the calls below. */
  enter(): Pass;
  /** CommBox took the call: it answered something other than a throttle. */
  succeeded(pass: Pass): void;
  /** The call told nothing about the throttle, e.g. it timed out. */
  inconclusive(pass: Pass): void;
  /** The call was throttled, or never reached CommBox. */
  refused(pass: Pass, cause: PauseCause, retryAfterMs: number | null, now: number): void;
  /** Why attempts wait now, or null when nothing pauses them. */
  cause(): PauseCause | null;
}

/** Which period between two pauses an attempt belongs to. */
export type Pass = number;

export function createGate(options: { readonly random: () => number; readonly concurrency: number }): Gate {
  let period: Pass = 0;
  let startedInPeriod = 0;
  let allowed = Number.POSITIVE_INFINITY;
  let pausedUntil = 0;
  let failures = 0;
  let cause: PauseCause | null = null;

  // Attempts that began before the pause say nothing about the time after it.
  const isCurrent = (pass: Pass) => pass === period;

  return {
    opensAt(now) {
      if (now < pausedUntil) return pausedUntil;
      return startedInPeriod < allowed ? now : Number.POSITIVE_INFINITY;
    },
    room: (now) => (now < pausedUntil ? 0 : Math.max(0, allowed - startedInPeriod)),
    enter() {
      startedInPeriod++;
      return period;
    },
    succeeded(pass) {
      if (!isCurrent(pass)) return;
      startedInPeriod--;
      failures = 0;
      // Slow start: each success lets one more go at the same time, so a round trip doubles them.
      if (cause !== null && ++allowed >= options.concurrency) {
        allowed = Number.POSITIVE_INFINITY;
        cause = null;
      }
    },
    inconclusive(pass) {
      if (isCurrent(pass)) startedInPeriod--;
    },
    refused(pass, why, retryAfterMs, now) {
      if (!isCurrent(pass)) {
        if (retryAfterMs !== null) pausedUntil = Math.max(pausedUntil, now + retryAfterMs);
        return;
      }
      period++;
      startedInPeriod = 0;
      allowed = 1;
      failures++;
      cause = why;
      const policy = why === 'quota' ? throttleBackoff : connectBackoff;
      pausedUntil = now + backoffMs(policy, failures, retryAfterMs, options.random);
    },
    cause: () => cause,
  };
}
