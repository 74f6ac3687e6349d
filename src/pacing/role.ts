import type { CircuitState, Period } from './circuit.ts';
import type { LearnedRate } from './rate-learner.ts';

/** What is remembered of an account, over restarts and between processes. */
export interface PacerMemory {
  readonly learned: LearnedRate;
  readonly inFlightLimit: number;
  readonly circuit: CircuitState;
}

/**
 * This process's part in the pace of an account: `leads` = it learns for all, `mayProbe` = the probe of the quota is its
 * to send, `share` = its part of the rate, up to 1, `places` = how many calls it may have in flight, be the limit
 * that it has found out ever so high; if that is not said, its share of the limit.
 */
export interface Role {
  readonly leads: boolean;
  readonly mayProbe: boolean;
  readonly share: number;
  readonly places?: number;
  /** How many messages the other processes could send when they said so last; Infinity, if that is not said. */
  readonly othersWant?: number;
}

/** A process that is alone, or knows of no other. */
export const aloneRole: Role = { leads: true, mayProbe: true, share: 1 };

/** A throttled call that closed the account. */
export interface Refusal {
  /** The period in which the call began. */
  readonly period: Period;
  readonly retryAfterMs: number | null;
  /** Attempts of all processes in flight, as far as the one that was refused could tell. */
  readonly inFlight: number;
  /** Attempts had to wait for the rate, and not only for others to end. */
  readonly isPaced: boolean;
}

/**
 * The account was closed by a refusal, or opened by a probe that began in this period; or this process has something to
 * send and no place, or a call ended whose place is another's now.
 */
export type Turn =
  | { readonly refusal: Refusal }
  | { readonly reopened: Period }
  | { readonly places: 'wanted' | 'left' };

/** What another process has met since its last word. */
export interface Tidings {
  readonly granted: number;
  /** Of these, those that ended while others waited for a place. */
  readonly bound: number;
  readonly isPaced: boolean;
  readonly refusal: Refusal | null;
  readonly reopened: Period | null;
}
