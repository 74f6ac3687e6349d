import { backoffMs, connectBackoff, exhaustedDelayMs, throttleBackoff } from './backoff.ts';

/** What closed an account. */
export type PauseCause = 'quota' | 'connection';

export type Phase = 'open' | 'paused' | 'probing';

/** Between two openings every attempt belongs to one period; what began in an earlier one says nothing about now. */
export type Period = number;

/**
 * The breaker of an account: the first refusal closes it for all, after the pause one probe may go, and only its
 * success opens it again. Times are epoch milliseconds.
 */
export interface Circuit {
  readonly period: Period;
  readonly cause: PauseCause | null;
  readonly pausedUntil: number;
  /** When the current pause, with all its probes, began. */
  readonly closedAt: number;
  /** So many probes failed that this is no short throttle: the quota is used up. */
  readonly isExhausted: boolean;
  phase(now: number): Phase;
  /** An attempt of the current period was refused. */
  refused(cause: PauseCause, retryAfterMs: number | null, now: number): void;
  /** An attempt of an earlier period was refused: wait at least as long. */
  extend(until: number): void;
  /** A probe was granted. */
  reopen(now: number): void;
  /** Stands as another process, or an earlier one, does. */
  adopt(state: CircuitState, period: Period): void;
  snapshot(): CircuitState;
}

/** Enough to go on with a pause in another process, or after a restart. */
export interface CircuitState {
  readonly cause: PauseCause | null;
  readonly pausedUntil: number;
  readonly closedAt: number;
  readonly failures: number;
}

const EXHAUSTED_AFTER = 8;
const LONGEST_FLOOR_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;
// A pause that sufficed is tried a little shorter the next time.
const FLOOR_DECAY = 0.8;

export function createCircuit({ random }: { readonly random: () => number }): Circuit {
  let period: Period = 0;
  let cause: PauseCause | null = null;
  let pausedUntil = 0;
  let closedAt = 0;
  let failures = 0;
  let refusedAt = 0;
  // The longest pause after a refusal that was too short, while CommBox states none.
  let floorMs = 0;

  const delayMs = (why: PauseCause, retryAfterMs: number | null) => {
    const policy = why === 'quota' ? throttleBackoff : connectBackoff;
    if (failures > EXHAUSTED_AFTER && why === 'quota') {
      const ownMs = floorMs + exhaustedDelayMs(failures - EXHAUSTED_AFTER, random);
      return Math.max(retryAfterMs ?? 0, Math.min(LONGEST_PAUSE_MS, ownMs));
    }
    const ownMs = (why === 'quota' ? floorMs : 0) + backoffMs(policy, failures, null, random);
    // A stated wait of nothing, or one that has just proved too short, is no help.
    if (retryAfterMs === null || retryAfterMs === 0) return ownMs;
    const statedMs = backoffMs(policy, failures, retryAfterMs, random);
    return failures > 1 ? Math.max(statedMs, ownMs) : statedMs;
  };

  return {
    get period() {
      return period;
    },
    get cause() {
      return cause;
    },
    get pausedUntil() {
      return pausedUntil;
    },
    get closedAt() {
      return closedAt;
    },
    get isExhausted() {
      return cause === 'quota' && failures >= EXHAUSTED_AFTER;
    },
    phase: (now) => (cause === null ? 'open' : now < pausedUntil ? 'paused' : 'probing'),
    refused(why, retryAfterMs, now) {
      if (cause === null) closedAt = now;
      else if (why === 'quota' && cause === 'quota')
        floorMs = Math.min(LONGEST_FLOOR_MS, Math.max(floorMs, now - refusedAt));
      period++;
      // A connection that was down for long says nothing about the quota, nor the other way round.
      failures = why === cause ? failures + 1 : 1;
      cause = why;
      refusedAt = now;
      pausedUntil = now + delayMs(why, retryAfterMs);
    },
    extend(until) {
      if (cause !== null) pausedUntil = Math.max(pausedUntil, until);
    },
    reopen(now) {
      if (failures === 1 && cause === 'quota') floorMs = FLOOR_DECAY * Math.min(floorMs, now - refusedAt);
      cause = null;
      failures = 0;
    },
    adopt(state, next) {
      period = next;
      if (cause === null) refusedAt = state.closedAt;
      ({ cause, pausedUntil, closedAt, failures } = state);
    },
    snapshot: () => ({ cause, pausedUntil, closedAt, failures }),
  };
}
