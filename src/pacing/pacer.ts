import { type CircuitState, createCircuit, type PauseCause, type Period } from './circuit.ts';
import { createInFlightLimit, type LimitFacts } from './in-flight-limit.ts';
import { createMeter } from './meter.ts';
import { createRateLearner, type LearnedRate } from './rate-learner.ts';

/** One attempt on its way. Must be given back exactly once. */
export interface Pass {
  readonly period: Period;
  /** Attempts of this process in flight when it began, itself included. */
  readonly inFlight: number;
  readonly startedAt: number;
}

/** What is remembered of an account, over restarts and between processes. */
export interface PacerMemory {
  readonly learned: LearnedRate;
  readonly inFlightLimit: number;
  readonly circuit: CircuitState;
}

/** How an account stands. Rates are messages per second, times epoch milliseconds. */
export interface PacerState {
  readonly state: 'open' | 'paused' | 'probing' | 'exhausted';
  readonly cause: PauseCause | null;
  readonly pausedUntil: number | null;
  readonly closedAt: number | null;
  /** Of all processes together; null while no limit was met. */
  readonly rate: number | null;
  /** Which part of the rate is this process's. */
  readonly share: number;
  readonly burst: number | null;
  readonly inFlight: number;
  readonly inFlightLimit: number;
}

/**
 * This process's part in the pace of an account: `leads` = it learns for all, `mayProbe` = the probe is its to send,
 * `share` = its part of the rate, up to 1.
 */
export interface Role {
  readonly leads: boolean;
  readonly mayProbe: boolean;
  readonly share: number;
}

/** What another process has met since its last word. */
export interface Tidings {
  readonly granted: number;
  readonly isPaced: boolean;
  /** A call that began in this period was refused. */
  readonly refusal: (Refusal & { readonly period: Period }) | null;
  /** A probe in this period was granted. */
  readonly reopened: Period | null;
}

export interface Refusal {
  readonly cause: PauseCause;
  readonly retryAfterMs: number | null;
  /** Attempts of all processes in flight, as far as the one that was refused could tell. */
  readonly inFlight: number;
  /** Attempts had to wait for the rate, and not only for others to end. */
  readonly isPaced: boolean;
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
  /** The call was throttled, or never reached CommBox. */
  refused(pass: Pass, cause: PauseCause, retryAfterMs: number | null, now: number): void;
  /** Why attempts wait now, or null when nothing pauses them. */
  cause(): PauseCause | null;
  /** Whether attempts had to wait for the rate just now. */
  isPaced(now: number): boolean;
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
  /** The account was closed by a refusal, or opened by a probe, here. */
  readonly onTurn?: (turn: { readonly refusal: Refusal | null; readonly period: Period }) => void;
}

const NEVER = Number.NEGATIVE_INFINITY;
// Whoever waited for the rate a moment ago would have sent more.
const PACED_MS = 1_000;
const BOUND_MS = 100;
const UNBOUND_MS = 1_000;

export function createPacer(options: PacerOptions): Pacer {
  const circuit = createCircuit(options);
  const learner = createRateLearner(options);
  const inFlightLimit = createInFlightLimit(options);
  let role: Role = { leads: true, mayProbe: true, share: 1 };
  const meter = createMeter(() => ({
    rate: learner.rate * role.share,
    burst: Math.max(1, learner.burst * role.share),
  }));

  let granted = 0;
  let inFlight = 0;
  let inPeriod = 0;
  // After an opening the number in flight grows by one with every success: a slow start, not a herd.
  let ramp = Number.POSITIVE_INFINITY;
  let openedAt = 0;
  let boundAt = NEVER;
  let pacedAt = NEVER;
  let isOnRate = false;

  const ownLimit = () => Math.max(1, Math.round(inFlightLimit.limit * role.share));
  const free = () => Math.min(ownLimit(), ramp) - inFlight;
  // Whether CommBox can be reached from here, only this process can find out.
  const mayProbe = () => inPeriod === 0 && (role.mayProbe || circuit.cause === 'connection');

  /** @param since when the call that opened began */
  const reopen = (since: number, now: number) => {
    const pauseMs = now - circuit.closedAt;
    circuit.reopen(now);
    openedAt = now;
    ramp = 1;
    if (!role.leads) return meter.reset(1, now);
    inFlightLimit.reopened(pauseMs, now);
    if (!isOnRate) return meter.reset(1, now);
    const saved = learner.reopened(now);
    // The other processes' bursts are not seen, but what they may use of it is known.
    if (saved > 1) learner.burstBegan(now);
    // Where nothing is saved up, the probe was the first call of a new count.
    meter.reset(saved * role.share, learner.shape === 'window' ? since : now);
  };

  const close = (cause: PauseCause, retryAfterMs: number | null, now: number, facts: LimitFacts) => {
    if (circuit.cause === null) {
      isOnRate = cause === 'quota' && role.leads;
      if (isOnRate) learn(facts, retryAfterMs);
    }
    inPeriod = 0;
    circuit.refused(cause, retryAfterMs, now);
  };

  /** What is in flight in all processes, if each has its share. */
  const ofAll = (own: number) => Math.round(own / role.share);

  const learn = (facts: LimitFacts, retryAfterMs: number | null) => {
    const isFirst = learner.rate === Number.POSITIVE_INFINITY;
    if (isFirst) inFlightLimit.refusedFirst(facts);
    const wasPaced = isFirst || !inFlightLimit.blames(facts);
    learner.refused({ at: facts.now, wasPaced, statedMs: retryAfterMs ?? 0 });
  };

  return {
    room(now) {
      if (circuit.cause !== null) return circuit.phase(now) === 'probing' && mayProbe() ? 1 : 0;
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
      switch (circuit.phase(now)) {
        case 'paused':
          return circuit.pausedUntil;
        case 'probing':
          return mayProbe() ? now : Number.POSITIVE_INFINITY;
        case 'open':
          return free() < 1 ? Number.POSITIVE_INFINITY : meter.opensAt(now);
      }
    },
    enter(now) {
      inFlight++;
      inPeriod++;
      learner.begin(now);
      if (circuit.cause === null && meter.take(now)) learner.burstBegan(now);
      return { period: circuit.period, inFlight, startedAt: now };
    },
    succeeded(pass, now) {
      inFlight--;
      granted++;
      learner.granted(1);
      if (pass.period !== circuit.period) return;
      inPeriod--;
      const isShared = circuit.cause === 'quota';
      if (circuit.cause !== null) reopen(pass.startedAt, now);
      if (ramp < inFlightLimit.limit) ramp++;
      else ramp = Number.POSITIVE_INFINITY;
      inFlightLimit.granted(ofAll(pass.inFlight), now - boundAt < BOUND_MS, now);
      if (isShared) options.onTurn?.({ refusal: null, period: pass.period });
    },
    inconclusive(pass) {
      inFlight--;
      if (pass.period === circuit.period) inPeriod--;
    },
    refused(pass, cause, retryAfterMs, now) {
      inFlight--;
      if (pass.period !== circuit.period) {
        if (retryAfterMs !== null) circuit.extend(now + retryAfterMs);
        return;
      }
      const atOnce = ofAll(Math.max(pass.inFlight, inFlight + 1));
      const refusal = { cause, retryAfterMs, inFlight: atOnce, isPaced: now - pacedAt < PACED_MS };
      close(cause, retryAfterMs, now, { now, inFlight: atOnce, boundAt, pacedAt, openedAt });
      if (cause === 'quota') options.onTurn?.({ refusal, period: pass.period });
    },
    cause: () => circuit.cause,
    isPaced: (now) => now - pacedAt < PACED_MS,
    get period() {
      return circuit.period;
    },
    get granted() {
      return granted;
    },
    state(now) {
      const isOpen = circuit.cause === null;
      const rate = Number.isFinite(learner.rate) ? learner.rate : null;
      return {
        state: circuit.isExhausted ? 'exhausted' : circuit.phase(now),
        cause: circuit.cause,
        pausedUntil: isOpen ? null : circuit.pausedUntil,
        closedAt: isOpen ? null : circuit.closedAt,
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
      circuit: circuit.snapshot(),
    }),
    adopt(memory, period, now) {
      const wasClosed = circuit.cause !== null;
      const isNews = period !== circuit.period;
      learner.restore(memory.learned);
      // While no limit was met, nothing speaks against what this process found out itself.
      const isUnlimited = memory.learned.rate === null && memory.circuit.cause === null;
      inFlightLimit.restore(Math.max(memory.inFlightLimit, isUnlimited ? inFlightLimit.limit : 0));
      const isOwnPause = circuit.cause === 'connection' && memory.circuit.cause === null;
      if (isOwnPause) return;
      circuit.adopt(memory.circuit, period);
      if (isNews) inPeriod = 0;
      if (wasClosed && circuit.cause === null) {
        openedAt = now;
        ramp = 1;
        const { burst, shape } = memory.learned;
        meter.reset(shape === 'window' ? 0 : burst * role.share, now);
      }
    },
    play(next) {
      role = next;
    },
    hear({ granted: calls, isPaced, refusal, reopened }, now) {
      learner.granted(calls);
      if (calls > 0) learner.begin(now);
      if (isPaced) pacedAt = now;
      // Nothing may wait here, while others do.
      if (circuit.cause === null) learner.evolve(now, now - pacedAt < PACED_MS);
      if (reopened === circuit.period && circuit.cause !== null) reopen(now, now);
      if (refusal === null) return;
      if (refusal.period === circuit.period) {
        const bounds = refusal.isPaced ? { boundAt: NEVER, pacedAt: now } : { boundAt: now, pacedAt: NEVER };
        close(refusal.cause, refusal.retryAfterMs, now, { now, inFlight: refusal.inFlight, ...bounds, openedAt });
      } else if (refusal.retryAfterMs !== null) circuit.extend(now + refusal.retryAfterMs);
    },
  };
}
