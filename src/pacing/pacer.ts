import { createAdmission } from './admission.ts';
import { createBreakers, type Periods } from './breakers.ts';
import type { PauseCause, Period } from './circuit.ts';
import { createInFlightLimit, type LimitFacts } from './in-flight-limit.ts';
import { createLessons } from './lessons.ts';
import { alarmOf, type PacerState, type PacingAlarm, standing } from './pacer-state.ts';
import { createRateLearner } from './rate-learner.ts';
import { aloneRole, type PacerMemory, type Role, type Tidings, type Turn } from './role.ts';
import { createThroughput } from './throughput.ts';

/** One attempt on its way. Must be given back exactly once. */
export interface Pass {
  readonly periods: Periods;
  /** Attempts of all processes in flight when it began, itself included. */
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
  /** Messages per second that will probably go, of all processes together; null = all that come. */
  throughput(now: number): number | null;
  /** The same at best: what is allowed by now, whatever the pauses were until that was found. */
  bestThroughput(now: number): number | null;
  /** Of the quota. */
  readonly period: Period;
  /** Calls that CommBox took, since the process began. */
  readonly granted: number;
  /** Of these, those that ended while others waited for a place. */
  readonly bound: number;
  /** Places that this process has, or that its calls still take. */
  readonly holds: number;
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
const TELLING_SHARE = 0.1;

export function createPacer(options: PacerOptions): Pacer {
  const breakers = createBreakers(options);
  const { quota, connection } = breakers;
  const learner = createRateLearner(options);
  const inFlightLimit = createInFlightLimit(options);
  const lessons = createLessons(learner, inFlightLimit);
  const throughput = createThroughput();
  let role: Role = aloneRole;
  const admission = createAdmission({ learner, inFlightLimit, role: () => role });
  let granted = 0;
  let bound = 0;
  let inFlight = 0;
  let hasAsked = false;
  let isUntold = false;
  let alarm: PacingAlarm | null = null;

  const noticeAlarm = () => {
    const next = alarmOf(breakers);
    if (next === alarm) return;
    alarm = next;
    options.onAlarm?.(next);
  };

  const reconnect = (now: number) => {
    throughput.reopened(now - connection.closedAt, now);
    connection.reopen(now);
    admission.reopened(1, now, now);
    noticeAlarm();
  };

  /** @param since when the call that opened began */
  const reopen = (since: number, now: number) => {
    const pauseMs = now - quota.closedAt;
    throughput.reopened(pauseMs, now);
    const { refusedAt } = quota;
    quota.reopen(now);
    const saved = role.leads ? lessons.opened(pauseMs, refusedAt, now) : null;
    // Where nothing is saved up, the probe was the first call of a new count.
    isUntold = saved === null;
    if (saved === null) admission.reopened(1, now, now);
    else admission.reopened(saved * role.share, learner.shape === 'window' ? since : now, now);
    noticeAlarm();
  };

  /** @param isTelling whether attempts went at the rate that is being learned */
  const close = (retryAfterMs: number | null, facts: LimitFacts, isTelling: boolean) => {
    isUntold = false;
    if (!quota.isClosed) lessons.closed(retryAfterMs, { ...facts, isGuess: role.share < 1 }, role.leads && isTelling);
    // What is left of a long window is another time after each refusal.
    quota.refused(retryAfterMs, facts.now, learner.windowS === 1);
    noticeAlarm();
  };

  /** An attempt has ended. */
  const leave = () => {
    inFlight--;
    if (role.places !== undefined && inFlight >= role.places) options.onTurn?.({ places: 'left' });
  };
  /** Whoever has no place does not wait until it is asked whether it wants one. */
  const ask = () => {
    if (hasAsked || role.places !== 0) return;
    hasAsked = true;
    options.onTurn?.({ places: 'wanted' });
  };
  const mayProbe = () => breakers.mayProbe(role.mayProbe);
  const atOnce = (now: number) => throughput.atOnce(inFlightLimit.limit, now) ?? Number.POSITIVE_INFINITY;

  return {
    room(now) {
      const isOpen = breakers.isOpen;
      const room = isOpen ? admission.room(now, inFlight) : breakers.phase(now) === 'probing' && mayProbe() ? 1 : 0;
      if (room < 1) {
        throughput.waited(now);
        ask();
      }
      return room;
    },
    opensAt(now) {
      switch (breakers.phase(now)) {
        case 'paused':
          return breakers.pausedUntil;
        case 'probing':
          return mayProbe() ? now : Number.POSITIVE_INFINITY;
        case 'open':
          return admission.opensAt(now, inFlight);
      }
    },
    enter(now) {
      inFlight++;
      learner.begin(now);
      if (breakers.isOpen && admission.take(now)) learner.burstBegan(now);
      return { periods: breakers.enter(), inFlight: admission.ofAll(inFlight), startedAt: now };
    },
    succeeded({ periods, startedAt, inFlight: number }, now) {
      leave();
      granted++;
      learner.granted(1, now);
      admission.answered(startedAt, now);
      throughput.granted(1, now);
      throughput.took(now - startedAt);
      const isConnected = connection.leave(periods.connection);
      if (isConnected && connection.isClosed) reconnect(now);
      if (!quota.leave(periods.quota)) return;
      const wasClosed = quota.isClosed;
      if (wasClosed) reopen(startedAt, now);
      if (isConnected) {
        admission.granted();
        const isBound = admission.isBound(startedAt, now);
        if (isBound && (role.leads || !admission.isPaced(now))) bound++;
        inFlightLimit.granted({ inFlight: number, tookMs: now - startedAt }, isBound, now);
      }
      if (wasClosed) options.onTurn?.({ reopened: periods.quota });
    },
    inconclusive({ periods }) {
      leave();
      connection.leave(periods.connection);
      quota.leave(periods.quota);
    },
    unreached({ periods }, now) {
      leave();
      quota.leave(periods.quota);
      if (!connection.leave(periods.connection)) return;
      connection.refused(null, now);
      noticeAlarm();
    },
    throttled({ periods, inFlight: number }, retryAfterMs, now) {
      leave();
      const wasCutOff = connection.isClosed;
      if (connection.leave(periods.connection) && wasCutOff) reconnect(now);
      if (!quota.leave(periods.quota)) {
        if (retryAfterMs !== null) quota.extend(now + retryAfterMs);
        return;
      }
      const atOnce = Math.max(number, admission.ofAll(inFlight + 1));
      const refusal = { period: periods.quota, retryAfterMs, inFlight: atOnce, isPaced: admission.isPaced(now) };
      close(retryAfterMs, { now, inFlight: atOnce, ...admission.waits }, !wasCutOff);
      options.onTurn?.({ refusal });
    },
    cause: () => breakers.cause,
    isPaced: admission.isPaced,
    throughput(now) {
      const measured = throughput.perSecond(breakers.closedAt ?? now);
      // The leader hears of all grants; what a small part can do says little about the whole.
      const part = role.leads ? 1 : role.share;
      const whole = measured === null || part < TELLING_SHARE ? null : measured / part;
      return finite(Math.min(learner.rate, whole ?? atOnce(now)));
    },
    bestThroughput: (now) => finite(Math.min(learner.rate, atOnce(now))),
    get period() {
      return quota.period;
    },
    get granted() {
      return granted;
    },
    get bound() {
      return bound;
    },
    get holds() {
      return Math.max(inFlight, admission.places);
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
        places: admission.places,
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
      const pauseMs = now - quota.closedAt;
      quota.adopt(memory.circuit, period);
      noticeAlarm();
      if (quota.isClosed || memory.circuit.isClosed) return;
      const { burst, shape } = memory.learned;
      // Who opened the account itself hears only now what was saved up.
      const isLate = isUntold && shape !== 'window';
      isUntold = false;
      if (wasClosed) throughput.reopened(pauseMs, now);
      if (wasClosed || isLate) admission.reopened(shape === 'window' ? 0 : burst * role.share, now, now);
    },
    play(next) {
      role = next;
      if (role.places !== 0) hasAsked = false;
    },
    hear({ granted: calls, bound: boundCalls, isPaced, refusal, reopened }, now) {
      learner.granted(calls, now);
      throughput.granted(calls, now);
      if (calls > 0) learner.begin(now);
      // While nothing was ever refused, each process finds out for itself how many places it can fill.
      const news = Number.isFinite(learner.rate) ? boundCalls : 0;
      const { limit } = inFlightLimit;
      for (let n = 0; n < news; n++) inFlightLimit.granted({ inFlight: limit, tookMs: 0 }, true, now);
      if (isPaced) {
        admission.paced(now);
        throughput.waited(now);
      }
      // Nothing may wait here, while others do.
      if (!quota.isClosed) learner.evolve(now, admission.isPaced(now));
      if (reopened === quota.period && quota.isClosed) reopen(now, now);
      if (refusal === null) return;
      const { period, retryAfterMs, inFlight: atOnce } = refusal;
      if (period === quota.period) {
        const waits = refusal.isPaced ? { boundAt: NEVER, pacedAt: now } : { boundAt: now, pacedAt: NEVER };
        close(retryAfterMs, { now, inFlight: atOnce, ...admission.waits, ...waits }, true);
      } else if (retryAfterMs !== null) quota.extend(now + retryAfterMs);
    },
  };
}

const finite = (rate: number) => (Number.isFinite(rate) ? rate : null);
