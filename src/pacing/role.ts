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
 * to send, `share` = its part of the rate, up to 1.
 */
export interface Role {
  readonly leads: boolean;
  readonly mayProbe: boolean;
  readonly share: number;
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

/** The account was closed by a refusal, or opened by a probe that began in this period. */
export type Turn = { readonly refusal: Refusal } | { readonly reopened: Period };

/** What another process has met since its last word. */
export interface Tidings {
  readonly granted: number;
  readonly isPaced: boolean;
  readonly refusal: Refusal | null;
  readonly reopened: Period | null;
}
