import { roundSeconds } from './round-numbers.ts';

/** A rate that was in force for so long. */
export interface Stretch {
  readonly rate: number;
  readonly seconds: number;
}

/** How the rate stood when a cycle ended: messages per second. */
export interface RateEvidence {
  /** While the rate grew, one that the throttle had time to answer to; else the rate. */
  readonly settledRate: number;
  /** The mean of the rates of the last second. */
  readonly recentRate: number;
  /** The rates that were on trial, the last one being the one that was refused; empty = there was no trial. */
  readonly trial: readonly Stretch[];
}

/** What happened from one refusal to the next. Times are epoch milliseconds. */
export interface Cycle extends RateEvidence {
  /** The refusal that it began with. */
  readonly startedAt: number;
  readonly openedAt: number;
  /** The refusal that it ended with. */
  readonly endedAt: number;
  /** Calls, the probe that opened it included. */
  readonly grants: number;
  /** How many calls were saved up during the pause that it began with. */
  readonly caughtUp: number;
  /** When more calls started together than the rate alone allows. */
  readonly burstAt: number;
}

// A refusal while this part of the time that a burst was ahead of the rate has not passed is held against the burst.
const BURST_BLAME = 0.6;
// A window passes for unused if the pause lasted for so much of it.
const FRESH_PART = 0.9;
const BISECTIONS = 20;

export const activeMs = ({ openedAt, endedAt }: Cycle) => Math.max(1, endedAt - openedAt);

export const pauseMs = ({ startedAt, openedAt }: Cycle) => openedAt - startedAt;

/** Grants per second, pause included. */
export const meanOf = ({ startedAt, endedAt, grants }: Cycle) => (grants * 1_000) / Math.max(1, endedAt - startedAt);

/** Whether the refusal came so soon after a burst of that many calls that it is put on the burst. */
export function blamesBurst(cycle: Cycle, burst: number, rate: number): boolean {
  return burst > 1 && cycle.endedAt - cycle.burstAt < (BURST_BLAME * 1_000 * burst) / rate;
}

/**
 * Calls per second of a window of round length that was used up: if the cycle began with an unused one and ended within
 * it, as many calls were granted as it takes. Null if it did not.
 */
export function usedWindowRate(cycle: Cycle): number | null {
  const seconds = roundSeconds(activeMs(cycle) / 1_000);
  return seconds !== null && pauseMs(cycle) >= FRESH_PART * 1_000 * seconds ? cycle.grants / seconds : null;
}

/**
 * What flows into a bucket of that size per second, if it was full when the trial began and is empty now: the rates on
 * trial took so much more than that. 0 without a trial.
 */
export function drainingRate(trial: readonly Stretch[], size: number): number {
  const takenAbove = (inflow: number) =>
    trial.reduce((sum, { rate, seconds }) => sum + Math.max(0, rate - inflow) * seconds, 0);
  let low = 0;
  let high = trial.reduce((most, { rate }) => Math.max(most, rate), 0);
  for (let n = 0; n < BISECTIONS; n++) {
    const middle = (low + high) / 2;
    if (takenAbove(middle) > size) low = middle;
    else high = middle;
  }
  return low;
}
