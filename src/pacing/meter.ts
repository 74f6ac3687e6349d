import { createStartLog } from './start-log.ts';

/** What one process may send of an account. */
export interface Allowance {
  /** Messages per second; Infinity = as fast as they come. */
  readonly rate: number;
  /** How many may go at once after a pause. */
  readonly burst: number;
}

/** Spaces out calls: a token bucket that is filled at the allowed rate. Times are epoch milliseconds. */
export interface Meter {
  /** How many calls may start now; Infinity without a rate. */
  room(now: number): number;
  /** When the next one may start. */
  opensAt(now: number): number;
  /** Takes a token. True if more calls went together than the rate alone allows. */
  take(now: number): boolean;
  /** The answer to the call that started then has come. */
  answered(startedAt: number, now: number): void;
  /** After a pause: so much was saved up meanwhile, counted from `since`; less than one = the call of then used one. */
  reset(tokens: number, since: number): void;
}

// A timer comes late by some milliseconds, which must not cost a part of every token.
const LATENESS_MS = 8;
// Where no burst is granted, the log of starts keeps what is caught up with from being one.
const STALL_MS = 100;
const LEAST_SLACK = 0.1;
const SET_BACK_MS = 1_000;

export function createMeter(allowance: () => Allowance): Meter {
  const log = createStartLog();
  let tokens = 1;
  let filledAt = 0;

  const fill = (now: number) => {
    // Whoever read the clock a moment before another must not have the time between them counted twice. A clock that
    // was set back goes on from there.
    if (now < filledAt && filledAt - now < SET_BACK_MS) return;
    const { rate, burst } = allowance();
    const lateMs = burst > 1 ? LATENESS_MS : STALL_MS;
    const most = burst + Math.max(LEAST_SLACK, (rate * lateMs) / 1_000);
    tokens = Math.min(most, tokens + (Math.max(0, now - filledAt) * rate) / 1_000);
    filledAt = now;
  };

  return {
    room(now) {
      const { rate, burst } = allowance();
      if (rate === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
      fill(now);
      const room = Math.max(0, Math.floor(tokens));
      if (burst > 1) return room;
      let free = 0;
      while (free < room && log.opensAt(free + 1, rate) <= now) free++;
      return free;
    },
    opensAt(now) {
      const { rate, burst } = allowance();
      if (rate === Number.POSITIVE_INFINITY) return now;
      fill(now);
      // Rounded up: a timer that is early by a fraction finds nothing.
      const byRate = tokens >= 1 ? now : now + Math.ceil(((1 - tokens) * 1_000) / rate);
      return burst > 1 ? byRate : Math.max(byRate, Math.ceil(log.opensAt(1, rate)));
    },
    take(now) {
      const { rate, burst } = allowance();
      if (rate === Number.POSITIVE_INFINITY) return false;
      fill(now);
      tokens--;
      log.started(now);
      return tokens >= 1 && burst > 1;
    },
    answered: log.answered,
    reset(saved, since) {
      tokens = saved;
      filledAt = since;
      if (saved < 1) log.started(since);
    },
  };
}
