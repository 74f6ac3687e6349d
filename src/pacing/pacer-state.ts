import type { Breakers } from './breakers.ts';
import type { PauseCause } from './circuit.ts';

/** What an operator should hear of: CommBox is out of reach, or its quota is used up for long. */
export type PacingAlarm = 'unreachable' | 'exhausted';

/** How an account stands. Rates are messages per second, times epoch milliseconds. */
export interface PacerState {
  readonly state: 'open' | 'paused' | 'probing' | 'exhausted';
  readonly cause: PauseCause | null;
  readonly pausedUntil: number | null;
  readonly closedAt: number | null;
  readonly alarm: PacingAlarm | null;
  /** Of all processes together; null while no limit was met. */
  readonly rate: number | null;
  /** Which part of the rate is this process's. */
  readonly share: number;
  readonly burst: number | null;
  readonly inFlight: number;
  readonly inFlightLimit: number;
  /** How many of them this process may have. */
  readonly places: number;
}

/** What holds attempts back, and until when. */
export function standing(
  breakers: Breakers,
  now: number,
): Pick<PacerState, 'state' | 'cause' | 'pausedUntil' | 'closedAt' | 'alarm'> {
  return {
    state: breakers.quota.isExhausted ? 'exhausted' : breakers.phase(now),
    cause: breakers.cause,
    pausedUntil: breakers.isOpen ? null : breakers.pausedUntil,
    closedAt: breakers.closedAt,
    alarm: alarmOf(breakers),
  };
}

/** @returns null while there is nothing that an operator should hear of */
export function alarmOf({ quota, connection }: Breakers): PacingAlarm | null {
  if (connection.isClosed) return 'unreachable';
  return quota.isExhausted ? 'exhausted' : null;
}
