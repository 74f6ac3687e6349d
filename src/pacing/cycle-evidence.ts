import { roundSeconds, roundSecondsWithin } from './round-numbers.ts';

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
  /** The wait that this refusal stated; 0 if none. */
  readonly statedMs: number;
  /** The last refusal before calls were granted again: that of a probe, if one was refused. */
  readonly failedAt: number;
  /** Calls, the probe that opened it included. */
  readonly grants: number;
  /** Those granted in the second before the refusal that it ended with. */
  readonly lastSecond: number;
  /** The most that were granted within a second until then, while every refusal came with as many; else 0. */
  readonly mostInSecond: number;
  /** How many calls were saved up during the pause that it began with. */
  readonly caughtUp: number;
  /** When more calls started together than the rate alone allows. */
  readonly burstAt: number;
}

// A refusal while this part of the time that a burst was ahead of the rate has not passed is held against the burst.
const BURST_BLAME = 0.6;
// A window passes for unused if the pause lasted for so much of it.
const FRESH_PART = 0.9;
// What seems shorter may be a window of a second, and a punishment for the calls made meanwhile.
const LONG_S = 2.5;
// A punishment for probes makes a window seem longer, by less than this part.
const PUNISHED_PART = 0.75;
// Waits are stated in whole seconds, rounded up.
const STATED_UP_TO_S = 1;
const INEXACT_S = 0.05;
const BISECTIONS = 20;

export const activeMs = ({ openedAt, endedAt }: Cycle) => Math.max(1, endedAt - openedAt);

export const pauseMs = ({ startedAt, openedAt }: Cycle) => openedAt - startedAt;

/** Grants per second, pause included. */
export const meanOf = ({ startedAt, endedAt, grants }: Cycle) => (grants * 1_000) / Math.max(1, endedAt - startedAt);

/** Whether the refusal came so soon after a burst of that many calls that it is put on the burst. */
export function blamesBurst(cycle: Cycle, burst: number, rate: number): boolean {
  return burst > 1 && cycle.endedAt - cycle.burstAt < (BURST_BLAME * 1_000 * burst) / rate;
}

/** A window that was used up. */
export interface UsedWindow {
  /** Calls per second. */
  readonly rate: number;
  /** How long it is. */
  readonly seconds: number;
  /** Whether its length was seen, from when calls were granted again; else it is the shortest that fits. */
  readonly isSeen: boolean;
}

/**
 * A window of round length, if the cycle began with an unused one and ended within it: as many calls were granted as it
 * takes. Null if it did not.
 */
export function usedWindow(cycle: Cycle): UsedWindow | null {
  const usedS = activeMs(cycle) / 1_000;
  const seenS = seenSeconds(cycle);
  const seconds = seenS ?? roundSeconds(usedS);
  if (seconds === null || pauseMs(cycle) < FRESH_PART * 1_000 * seconds) return null;
  return { rate: cycle.grants / seconds, seconds, isSeen: seenS !== null };
}

/** The length of a window that began when the cycle opened: it was not over when a probe failed, and ends as was stated. */
function seenSeconds(cycle: Cycle): number | null {
  const { openedAt, endedAt, failedAt, statedMs } = cycle;
  const usedS = activeMs(cycle) / 1_000;
  if (failedAt > endedAt) {
    const heldS = (failedAt - openedAt) / 1_000;
    return heldS > LONG_S ? roundSeconds(Math.max(usedS, PUNISHED_PART * heldS)) : null;
  }
  const statedS = statedMs / 1_000;
  if (statedS < LONG_S) return null;
  return roundSecondsWithin(usedS + statedS - STATED_UP_TO_S - INEXACT_S, usedS + statedS + INEXACT_S);
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
