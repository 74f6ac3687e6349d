import type { CommboxLog } from './commbox.ts';
import { QUOTA, type Scenario } from './scenarios.ts';

/** A call that arrived at CommBox. Times are milliseconds from the first call of the run. */
export interface Call {
  readonly at: number;
  readonly text: string;
  readonly isGranted: boolean;
}

/** Calls, grants and refusals in each second of a run. */
export interface PerSecond {
  readonly grants: readonly number[];
  readonly refusals: readonly number[];
}

/** What a run showed. Shares are 0 to 1; null = the run was too short to tell, or not everything was delivered. */
export interface RunFigures {
  readonly quotaUsed: number | null;
  readonly refusalsPer100: number | null;
  readonly earlyRefusals: number;
  readonly refusals: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly deliveredSeconds: number | null;
  readonly jain: number;
}

export const SETTLED_MS = 10_000;
// With fewer messages left, the senders are no longer sure to have something to send at every moment.
const DRAIN = 50;

/** The calls in order of their arrival. */
export function callsOf({ calls }: CommboxLog): Call[] {
  const sorted = calls.toSorted(([one], [other]) => one - other);
  const from = sorted[0]?.[0] ?? 0;
  return sorted.map(([at, text, isGranted]) => ({ at: at - from, text, isGranted }));
}

export function perSecondOf(calls: readonly Call[]): PerSecond {
  const seconds = Math.ceil(((calls.at(-1)?.at ?? 0) + 1) / 1000);
  const grants = new Array<number>(seconds).fill(0);
  const refusals = new Array<number>(seconds).fill(0);
  for (const { at, isGranted } of calls) {
    const series = isGranted ? grants : refusals;
    series[Math.floor(at / 1000)] = (series[Math.floor(at / 1000)] ?? 0) + 1;
  }
  return { grants, refusals };
}

/**
 * @param callers whose shares are compared
 * @param messages how many there were to send
 */
export function figuresOf(
  log: CommboxLog,
  scenario: Scenario,
  callers: readonly string[],
  messages: number,
): RunFigures {
  const calls = callsOf(log);
  const granted = calls.filter(({ isGranted }) => isGranted);
  const distinct = new Set(granted.map(({ text }) => text)).size;
  const refusals = calls.length - granted.length;
  const shares = sharesOf(granted, messages / 2);
  const early = calls.filter(({ at, isGranted }) => !isGranted && at < SETTLED_MS).length;
  return {
    ...settledFigures(calls, scenario, messages),
    earlyRefusals: early,
    refusals,
    lost: messages - distinct,
    // The simulator sees equal bodies, the texts equal messages.
    duplicated: Math.max(log.duplicates, granted.length - distinct),
    deliveredSeconds: distinct < messages ? null : (granted.at(-1)?.at ?? 0) / 1000,
    jain: jainOf(callers.map((caller) => shares[caller] ?? 0)),
  };
}

function settledFigures(calls: readonly Call[], { throttle }: Scenario, messages: number) {
  const seconds = Math.floor((saturatedUntil(calls, messages) - SETTLED_MS) / 1000);
  if (seconds < 5) return { quotaUsed: null, refusalsPer100: null };
  const until = SETTLED_MS + seconds * 1000;
  const settled = calls.filter(({ at }) => at >= SETTLED_MS && at < until);
  const grants = settled.filter(({ isGranted }) => isGranted).length;
  const saved = throttle.model === 'tokenBucket' ? tokensAt(SETTLED_MS, calls, throttle.rate, throttle.burst) : 0;
  return {
    quotaUsed: grants / (QUOTA * seconds + saved),
    refusalsPer100: grants === 0 ? null : ((settled.length - grants) * 100) / grants,
  };
}

/** Until when there was enough to send: all but the last messages were taken or given up, i.e. never tried again. */
function saturatedUntil(calls: readonly Call[], messages: number): number {
  const lastTry = new Map(calls.map(({ at, text }) => [text, at]));
  const ends = [...lastTry.values()].sort((one, other) => one - other);
  return ends[messages - DRAIN - 1] ?? ends.at(-1) ?? 0;
}

/** What a bucket had saved up at a time: it can be granted later, too. */
function tokensAt(time: number, calls: readonly Call[], rate: number, burst: number): number {
  let tokens = burst;
  let filledAt = 0;
  const fill = (now: number) => {
    tokens = Math.min(burst, tokens + ((now - filledAt) * rate) / 1000);
    filledAt = now;
  };
  for (const { at, isGranted } of calls) {
    if (at >= time) break;
    fill(at);
    if (isGranted) tokens = Math.max(0, tokens - 1);
  }
  fill(time);
  return tokens;
}

/** How many of the first grants went to each caller. */
export function sharesOf(granted: readonly Call[], first: number): Record<string, number> {
  const shares: Record<string, number> = {};
  for (const { text } of granted.slice(0, first)) {
    const caller = text.slice(0, text.indexOf('-'));
    shares[caller] = (shares[caller] ?? 0) + 1;
  }
  return shares;
}

/** Jain's index: 1 = all equal, 1/n = one has everything. */
function jainOf(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return (sum * sum) / (values.length * squares);
}
