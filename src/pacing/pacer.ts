import type { Periods } from './breakers.ts';
import type { PauseCause, Period } from './circuit.ts';
import { createGate } from './gate.ts';
import { createHearing } from './hearing.ts';
import { createInFlightPeaks } from './in-flight-peaks.ts';
import { createPace } from './pace.ts';
import { createPacerParts } from './pacer-parts.ts';
import { type PacerState, type PacingAlarm, standing } from './pacer-state.ts';
import { createPlaceRequests } from './place-requests.ts';
import { aloneRole, type PacerMemory, type Role, type Tidings, type Turn } from './role.ts';

/** One attempt on its way. Must be given back exactly once. */
export interface Pass {
  readonly periods: Periods;
  /** Attempts of all processes in flight when it began, itself included. */
  readonly inFlight: number;
  readonly startedAt: number;
  /** When attempts had last waited for the rate. */
  readonly pacedAt: number;
  /** In the log of those in flight. */
  readonly place: number;
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
  /** The call reached CommBox, and told nothing about the throttle, e.g. since no answer came in time. */
  unclear(pass: Pass, now: number): void;
  /** There was no call after all. */
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
  /** Most attempts in flight in all processes, as configured. */
  readonly concurrency: number;
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

export function createPacer(options: PacerOptions): Pacer {
  let role: Role = aloneRole;
  const parts = createPacerParts(options, () => role);
  const { breakers, learner, inFlightLimit, throughput, admission } = parts;
  const { quota, connection } = breakers;
  const turned = (turn: Turn) => options.onTurn?.(turn);
  const gate = createGate(parts, (alarm) => options.onAlarm?.(alarm));
  const pace = createPace(parts);
  const peaks = createInFlightPeaks();
  const places = createPlaceRequests(() => role, turned);
  let granted = 0;
  let bound = 0;
  let inFlight = 0;

  const leave = () => {
    inFlight--;
    places.ended(inFlight);
  };
  const mayProbe = () => breakers.mayProbe(role.mayProbe);

  return {
    room(now) {
      const isOpen = breakers.isOpen;
      const room = isOpen ? admission.room(now, inFlight) : breakers.phase(now) === 'probing' && mayProbe() ? 1 : 0;
      if (room < 1) {
        throughput.waited(now);
        places.waited();
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
      const { pacedAt } = admission.waits;
      const number = admission.ofAll(inFlight);
      return {
        periods: breakers.enter(),
        inFlight: number,
        startedAt: now,
        pacedAt,
        place: peaks.started(number, now),
      };
    },
    succeeded({ periods, startedAt, inFlight: number }, now) {
      leave();
      granted++;
      learner.granted(1, now);
      admission.answered(startedAt, now);
      throughput.granted(1, now);
      throughput.took(now - startedAt);
      const isConnected = connection.leave(periods.connection);
      if (isConnected && connection.isClosed) gate.reconnect(now);
      if (!quota.leave(periods.quota)) return;
      const wasClosed = quota.isClosed;
      if (wasClosed) gate.reopen(startedAt, now);
      if (isConnected) {
        admission.granted();
        const isBound = admission.isBound(startedAt, now);
        if (isBound && (role.leads || !admission.isPaced(now))) bound++;
        // Once a limit is known it is the leader's to raise: a number that grew here would be told as what was in flight.
        const raises = isBound && (role.leads || learner.rate === Number.POSITIVE_INFINITY);
        inFlightLimit.granted({ inFlight: number, tookMs: now - startedAt }, raises, now);
      }
      if (wasClosed) turned({ reopened: periods.quota });
    },
    unclear({ periods }, now) {
      leave();
      quota.leave(periods.quota);
      if (connection.leave(periods.connection) && connection.isClosed) gate.reconnect(now);
    },
    inconclusive({ periods }) {
      leave();
      connection.leave(periods.connection);
      quota.leave(periods.quota);
    },
    unreached({ periods }, now) {
      leave();
      quota.leave(periods.quota);
      if (connection.leave(periods.connection)) gate.cutOff(now);
    },
    throttled({ periods, place, startedAt, inFlight: own, pacedAt: pacedBefore }, retryAfterMs, now) {
      leave();
      const wasCutOff = connection.isClosed;
      if (connection.leave(periods.connection) && wasCutOff) gate.reconnect(now);
      const isNews = quota.leave(periods.quota);
      const number = Math.max(own, peaks.peakAround(place, now - startedAt));
      if (!isNews && !quota.isClosed) return;
      const atOnce = Math.max(peaks.peakSince(place), admission.ofAll(inFlight + 1));
      if (isNews) {
        gate.close(retryAfterMs, { now, inFlight: atOnce, number, ...admission.waits, pacedBefore }, !wasCutOff);
      } else {
        inFlightLimit.refusedToo(number);
        quota.refusedToo(retryAfterMs, now, learner.rate === Number.POSITIVE_INFINITY);
        if (retryAfterMs === null) return;
      }
      turned({ refusal: { period: periods.quota, retryAfterMs, inFlight: atOnce, isPaced: admission.isPaced(now) } });
    },
    cause: () => breakers.cause,
    isPaced: admission.isPaced,
    throughput: pace.likely,
    bestThroughput: pace.best,
    get period() {
      return quota.period;
    },
    get granted() {
      return granted;
    },
    get bound() {
      return bound;
    },
    get concurrency() {
      return inFlightLimit.most;
    },
    get holds() {
      return Math.max(inFlight, role.places ?? admission.places);
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
      gate.adopt(memory, period, now);
    },
    play(next) {
      role = next;
      places.renew();
    },
    hear: createHearing(parts, gate),
  };
}
