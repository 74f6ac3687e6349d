import { createBreakers, type Periods } from './breakers.ts';
import type { PauseCause, Period } from './circuit.ts';
import { createInFlightLimit, type LimitFacts } from './in-flight-limit.ts';
import { createLessons } from './lessons.ts';
import { createMeter } from './meter.ts';
import { alarmOf, type PacerState, type PacingAlarm, standing } from './pacer-state.ts';
import { createRateLearner } from './rate-learner.ts';
import { aloneRole, type PacerMemory, type Role, type Tidings, type Turn } from './role.ts';

/** One attempt on its way. Must be given back exactly once. */
export interface Pass {
  readonly periods: Periods;
  /** Attempts of this process in flight when it began, itself included. */
  readonly inFlight: number;
  readonly startedAt: number;
}

/**
 * Decides when the next attempt of an account may start. Every attempt of every caller passes it: the first refusal
 * pauses them all, one probe tries again, and from what is granted and refused it learns what CommBox allows
 * (docs/pacing.md). Times are epoch milliseconds.
 */
export interface Pacer {
  /** How many attempts may start now. */
  room(now: number): number;
  /** When an attempt may start: `now` or earlier = at once, Infinity = once one in flight ends, or by the leader's word. */
  opensAt(now: number): number;
  /** Notes a start. */
  enter(now: number): Pass;
  /** CommBox took the call: it answered something other than a throttle. */
  succeeded(pass: Pass, now: number): void;
  /** The call told nothing about the throttle, e.g. it timed out. */
  inconclusive(pass: Pass): void;
  /** CommBox refused the call as one too many. */
  throttled(pass: Pass, retryAfterMs: number | null, now: number): void;
  /** The call never reached CommBox. */
  unreached(pass: Pass, now: number): void;
  /** Why attempts wait now, or null when nothing pauses them. */
  cause(): PauseCause | null;
  /** Whether attempts had to wait for the rate just now. */
  isPaced(now: number): boolean;
  /** Of the quota. */
  readonly period: Period;
  /** Calls that CommBox took, since the process began. */
  readonly granted: number;
  state(now: number): PacerState;
  memory(): PacerMemory;
  /** Goes on from what was remembered or published; `period` as the one who published it counts. */
  adopt(memory: PacerMemory, period: Period, now: number): void;
  play(role: Role): void;
  /** For the leader: what another process has met. */
  hear(tidings: Tidings, now: number): void;
}

export interface PacerOptions {
  readonly random: () => number;
  /** Most attempts in flight. */
  readonly concurrency: number;
  /** The rate that is stated by contract, if it is. May change, like the one above. */
  readonly knownRate: number | null;
  /** CommBox closed the account, or opened it, here: for all processes. */
  readonly onTurn?: (turn: Turn) => void;
  /** Told when it changes; null = all is well again. */
  readonly onAlarm?: (alarm: PacingAlarm | null) => void;
}

const NEVER = Number.NEGATIVE_INFINITY;
// Whoever waited for the rate a moment ago would have sent more.
const PACED_MS = 1_000;
const BOUND_MS = 100;
const UNBOUND_MS = 1_000;

export function createPacer(options: PacerOptions): Pacer {
  const breakers = createBreakers(options);
  const { quota, connection } = breakers;
  const learner = createRateLearner(options);
  const inFlightLimit = createInFlightLimit(options);
  const lessons = createLessons(learner, inFlightLimit);
  let role: Role = aloneRole;
  const meter = createMeter(() => ({
    rate: learner.rate * role.share,
    burst: Math.max(1, learner.burst * role.share),
  }));

  let granted = 0;
  let inFlight = 0;
  // After an opening the number in flight grows by one with every success: a slow start, not a herd.
  let ramp = Number.POSITIVE_INFINITY;
  let openedAt = 0;
  let boundAt = NEVER;
  let pacedAt = NEVER;
  let alarm: PacingAlarm | null = null;

  const ownLimit = () => Math.max(1, Math.round(inFlightLimit.limit * role.share));
  const free = () => Math.min(ownLimit(), ramp) - inFlight;

  const noticeAlarm = () => {
    const next = alarmOf(breakers);
    if (next === alarm) return;
    alarm = next;
    options.onAlarm?.(next);
  };

  const startSlowly = (now: number) => {
    openedAt = now;
    ramp = 1;
  };

  const reconnect = (now: number) => {
    connection.reopen(now);
    startSlowly(now);
    meter.reset(1, now);
    noticeAlarm();
  };

  /** @param since when the call that opened began */
  const reopen = (since: number, now: number) => {
    const pauseMs = now - quota.closedAt;
    quota.reopen(now);
    startSlowly(now);
    noticeAlarm();
    const saved = role.leads ? lessons.opened(pauseMs, now) : null;
    if (saved === null) return meter.reset(1, now);
    // Where nothing is saved up, the probe was the first call of a new count.
    meter.reset(saved * role.share, learner.shape === 'window' ? since : now);
  };

  /** @param isTelling whether attempts went at the rate that is being learned */
  const close = (retryAfterMs: number | null, facts: LimitFacts, isTelling: boolean) => {
    if (!quota.isClosed) lessons.closed(retryAfterMs, facts, role.leads && isTelling);
    quota.refused(retryAfterMs, facts.now);
    noticeAlarm();
  };

  /** What is in flight in all processes, if each has its share. */
  const ofAll = (own: number) => Math.round(own / role.share);

  return {
    room(now) {
      if (!breakers.isOpen) return breakers.phase(now) === 'probing' && breakers.mayProbe(role.mayProbe) ? 1 : 0;
      const byNumber = free();
      if (learner.rate === Number.POSITIVE_INFINITY) {
        if (byNumber < 1) {
          if (now - boundAt > UNBOUND_MS) learner.restart(now);
          boundAt = now;
        }
        return Math.max(0, byNumber);
      }
      if (role.leads) learner.evolve(now, now - pacedAt < PACED_MS);
      if (byNumber < 1) {
        if (ownLimit() <= ramp) boundAt = now;
        return 0;
      }
      const byRate = meter.room(now);
      if (byRate < 1) pacedAt = now;
      return Math.min(byNumber, byRate);
    },
    opensAt(now) {
      switch (breakers.phase(now)) {
        case 'paused':
          return breakers.pausedUntil;
        case 'probing':
          return breakers.mayProbe(role.mayProbe) ? now : Number.POSITIVE_INFINITY;
        case 'open':
          return free() < 1 ? Number.POSITIVE_INFINITY : meter.opensAt(now);
      }
    },
    enter(now) {
      inFlight++;
      learner.begin(now);
      if (breakers.isOpen && meter.take(now)) learner.burstBegan(now);
      return { periods: breakers.enter(), inFlight, startedAt: now };
    },
    succeeded({ periods, startedAt, inFlight: number }, now) {
      inFlight--;
      granted++;
      learner.granted(1);
      const isConnected = connection.leave(periods.connection);
      if (isConnected && connection.isClosed) reconnect(now);
      if (!quota.leave(periods.quota)) return;
      const wasClosed = quota.isClosed;
      if (wasClosed) reopen(startedAt, now);
      if (isConnected) {
        if (ramp < inFlightLimit.limit) ramp++;
        else ramp = Number.POSITIVE_INFINITY;
        inFlightLimit.granted(ofAll(number), now - boundAt < BOUND_MS, now);
      }
      if (wasClosed) options.onTurn?.({ reopened: periods.quota });
    },
    inconclusive({ periods }) {
      inFlight--;
      connection.leave(periods.connection);
      quota.leave(periods.quota);
    },
    unreached({ periods }, now) {
      inFlight--;
      quota.leave(periods.quota);
      if (!connection.leave(periods.connection)) return;
      connection.refused(null, now);
      noticeAlarm();
    },
    throttled({ periods, inFlight: number }, retryAfterMs, now) {
      inFlight--;
      const wasCutOff = connection.isClosed;
      if (connection.leave(periods.connection) && wasCutOff) reconnect(now);
      if (!quota.leave(periods.quota)) {
        if (retryAfterMs !== null) quota.extend(now + retryAfterMs);
        return;
      }
      const atOnce = ofAll(Math.max(number, inFlight + 1));
      const refusal = { period: periods.quota, retryAfterMs, inFlight: atOnce, isPaced: now - pacedAt < PACED_MS };
      close(retryAfterMs, { now, inFlight: atOnce, boundAt, pacedAt, openedAt }, !wasCutOff);
      options.onTurn?.({ refusal });
    },
    cause: () => breakers.cause,
    isPaced: (now) => now - pacedAt < PACED_MS,
    get period() {
      return quota.period;
    },
    get granted() {
      return granted;
    },
    state(now) {
      const rate = Number.isFinite(learner.rate) ? learner.rate : null;
      return {
        ...standing(breakers, now),
        rate,
        share: role.share,
        burst: rate === null ? null : learner.burst,
        inFlight,
        inFlightLimit: inFlightLimit.limit,
      };
    },
    memory: () => ({
      learned: learner.snapshot(),
      inFlightLimit: inFlightLimit.limit,
      circuit: quota.snapshot(),
    }),
    adopt(memory, period, now) {
      learner.restore(memory.learned);
      // While no limit was met, nothing speaks against what this process found out itself.
      const isUnlimited = memory.learned.rate === null && !memory.circuit.isClosed;
      inFlightLimit.restore(Math.max(memory.inFlightLimit, isUnlimited ? inFlightLimit.limit : 0));
      const wasClosed = quota.isClosed;
      quota.adopt(memory.circuit, period);
      noticeAlarm();
      if (!wasClosed || quota.isClosed) return;
      startSlowly(now);
      const { burst, shape } = memory.learned;
      meter.reset(shape === 'window' ? 0 : burst * role.share, now);
    },
    play(next) {
      role = next;
    },
    hear({ granted: calls, isPaced, refusal, reopened }, now) {
      learner.granted(calls);
      if (calls > 0) learner.begin(now);
      if (isPaced) pacedAt = now;
      // Nothing may wait here, while others do.
      if (!quota.isClosed) learner.evolve(now, now - pacedAt < PACED_MS);
      if (reopened === quota.period && quota.isClosed) reopen(now, now);
      if (refusal === null) return;
      const { period, retryAfterMs, inFlight: atOnce } = refusal;
      if (period === quota.period) {
        const bounds = refusal.isPaced ? { boundAt: NEVER, pacedAt: now } : { boundAt: now, pacedAt: NEVER };
        close(retryAfterMs, { now, inFlight: atOnce, ...bounds, openedAt }, true);
      } else if (retryAfterMs !== null) quota.extend(now + retryAfterMs);
    },
  };
}
