import {
  type BackoffPolicy,
  backoffMs,
  connectBackoff,
  exhaustedDelayMs,
  spacedBackoff,
  throttleBackoff,
} from './backoff.ts';
import { createLeniency } from './leniency.ts';
import { createPauseFloor } from './pause-floor.ts';

/** What closes an account: CommBox's throttle does so for all processes, a connection only for the one that lost it. */
export type PauseCause = 'quota' | 'connection';

export type Phase = 'open' | 'paused' | 'probing';

/** Between two openings every attempt belongs to one period; what began in an earlier one says nothing about now. */
export type Period = number;

/**
 * A breaker: the first refusal closes it for all, after the pause one probe may go, and only its success opens it
 * again. Times are epoch milliseconds.
 */
export interface Circuit {
  readonly period: Period;
  readonly isClosed: boolean;
  readonly pausedUntil: number;
  /** When it was refused last. */
  readonly refusedAt: number;
  /** When the current pause, with all its probes, began. */
  readonly closedAt: number;
  /** So many probes failed that this is no short throttle: the quota is used up. Never so of a connection. */
  readonly isExhausted: boolean;
  /** Whether no attempt of this period is on its way. */
  readonly isIdle: boolean;
  phase(now: number): Phase;
  /** An attempt starts. */
  enter(): Period;
  /** It ended. True if it was of the current period. */
  leave(period: Period): boolean;
  /** Calls made while it refuses were seen not to make a throttle last longer. */
  readonly isLenient: boolean;
  /** An attempt of the current period was refused. */
  refused(retryAfterMs: number | null, now: number, kind?: RefusalKind): void;
  /** Another one that was on its way then was refused, too. `isUnknown`: nothing was learned of the throttle so far. */
  refusedToo(retryAfterMs: number | null, now: number, isUnknown: boolean): void;
  /** An attempt of an earlier period was refused by another process: wait at least as long. */
  extend(until: number): void;
  /** A probe was granted. */
  reopen(now: number): void;
  /** Stands as another process, or an earlier one, does. */
  adopt(state: CircuitState, period: Period): void;
  snapshot(): CircuitState;
}

/** What is known of the call that closes an open account. */
export interface RefusalKind {
  /** The pauses that sufficed before say something about this one (default: yes). */
  readonly isAlike?: boolean;
  /**
   * Calls were spaced out evenly, so that one was too many, and there is room again soon: a lenient throttle is asked again
   * after a shorter time.
   */
  readonly isSpaced?: boolean;
}

/** Enough to go on with a pause in another process, or after a restart. */
export interface CircuitState {
  readonly isClosed: boolean;
  readonly pausedUntil: number;
  readonly closedAt: number;
  readonly failures: number;
}

export interface CircuitOptions {
  readonly cause: PauseCause;
  readonly random: () => number;
}

const POLICIES: Record<PauseCause, BackoffPolicy> = { quota: throttleBackoff, connection: connectBackoff };
const EXHAUSTED_AFTER = 8;
// A longer one was the rest of a long window, which is another time after each refusal.
const LONGEST_USUAL_FLOOR_MS = 2_500;
const LONGEST_PAUSE_MS = 300_000;
// If as many short pauses did not suffice, it was more than one call too many.
const MOST_SPACED = 3;

// Of a throttle about which nothing is known, each further call that it refused at once may have made it last longer. But
// of very many the first pause must not be as long as one that several failed probes would make.
const FURTHER_MS = 250;
const MOST_FURTHER_MS = 3_000;

export function createCircuit({ cause, random }: CircuitOptions): Circuit {
  const isQuota = cause === 'quota';
  let period: Period = 0;
  let inFlight = 0;
  let isClosed = false;
  let pausedUntil = 0;
  let closedAt = 0;
  let failures = 0;
  let refusedAt = 0;
  /** This pause is one of a lenient throttle, after a call too many of such as were spaced out. */
  let isSpaced = false;
  const leniency = createLeniency();
  const floors = { usual: createPauseFloor(), spaced: createPauseFloor() };
  const floor = () => (isSpaced ? floors.spaced : floors.usual);
  const policy = () => (isSpaced && failures <= MOST_SPACED ? spacedBackoff : POLICIES[cause]);

  const delayMs = (retryAfterMs: number | null) => {
    if (isQuota && failures > EXHAUSTED_AFTER) {
      const ownMs = floor().ms + exhaustedDelayMs(failures - EXHAUSTED_AFTER, random);
      return Math.max(retryAfterMs ?? 0, Math.min(LONGEST_PAUSE_MS, ownMs));
    }
    const ownMs = Math.min(LONGEST_USUAL_FLOOR_MS, floor().ms) + backoffMs(policy(), failures, null, random);
    // A stated wait of nothing, or one that has just proved too short, is no help.
    if (retryAfterMs === null || retryAfterMs === 0) return ownMs;
    const statedMs = backoffMs(policy(), failures, retryAfterMs, random);
    return failures > 1 ? Math.max(statedMs, ownMs) : statedMs;
  };

  const extend = (until: number) => {
    if (isClosed) pausedUntil = Math.max(pausedUntil, until);
  };

  return {
    get period() {
      return period;
    },
    get isClosed() {
      return isClosed;
    },
    get pausedUntil() {
      return pausedUntil;
    },
    get refusedAt() {
      return refusedAt;
    },
    get closedAt() {
      return closedAt;
    },
    get isExhausted() {
      return isQuota && failures >= EXHAUSTED_AFTER;
    },
    get isIdle() {
      return inFlight === 0;
    },
    phase: (now) => (isClosed ? (now < pausedUntil ? 'paused' : 'probing') : 'open'),
    enter() {
      inFlight++;
      return period;
    },
    leave(of) {
      if (of === period) inFlight--;
      return of === period;
    },
    get isLenient() {
      return leniency.isProven;
    },
    refused(retryAfterMs, now, kind = {}) {
      leniency.refused(!isClosed);
      if (!isClosed) {
        closedAt = now;
        isSpaced = kind.isSpaced === true && leniency.isProven;
      } else if (isQuota) {
        // A lost connection comes back at any moment; only of a throttle does a failed probe tell how long it lasts.
        floor().failed(now - refusedAt);
      }
      if (kind.isAlike === false) floor().forget();
      period++;
      inFlight = 0;
      failures++;
      isClosed = true;
      refusedAt = now;
      pausedUntil = now + delayMs(retryAfterMs);
    },
    refusedToo(retryAfterMs, now, isUnknown) {
      leniency.refused(false);
      if (retryAfterMs !== null) extend(now + retryAfterMs);
      else if (isUnknown) extend(Math.min(pausedUntil + FURTHER_MS, refusedAt + MOST_FURTHER_MS));
    },
    extend,
    reopen(now) {
      leniency.reopened(now - closedAt, isSpaced);
      if (failures === 1) floor().sufficed(now - refusedAt);
      isClosed = false;
      failures = 0;
    },
    adopt(state, next) {
      if (next !== period) inFlight = 0;
      period = next;
      if (!isClosed) refusedAt = state.closedAt;
      if (!isClosed || !state.isClosed) {
        isSpaced = false;
        leniency.restart();
      }
      ({ isClosed, pausedUntil, closedAt, failures } = state);
    },
    snapshot: () => ({ isClosed, pausedUntil, closedAt, failures }),
  };
}
