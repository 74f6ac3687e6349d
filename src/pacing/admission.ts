import type { InFlightLimit } from './in-flight-limit.ts';
import { createMeter } from './meter.ts';
import type { RateLearner } from './rate-learner.ts';
import type { Role } from './role.ts';

/** When attempts last had to wait, and for what. Epoch milliseconds, -Infinity = never. */
export interface Waits {
  /** For others to end. */
  readonly boundAt: number;
  /** For the rate. */
  readonly pacedAt: number;
  readonly openedAt: number;
}

/**
 * How many attempts of an open account may start: as many as its rate allows, and the number in flight, which after a
 * pause grows by one with every success, a slow start and not a herd.
 */
export interface Admission {
  room(now: number, inFlight: number): number;
  opensAt(now: number, inFlight: number): number;
  /** Notes a start. True if more attempts went together than the rate alone allows. */
  take(now: number): boolean;
  granted(): void;
  /** A call that began at `startedAt` was answered. */
  answered(startedAt: number, now: number): void;
  /** After a pause: so many calls were saved up, counted from `since`. */
  reopened(saved: number, since: number, now: number): void;
  /** Attempts of another process had to wait for the rate. */
  paced(now: number): void;
  isPaced(now: number): boolean;
  /** Whether attempts waited for others to end when one ended that began at `startedAt`. */
  isBound(startedAt: number, now: number): boolean;
  readonly waits: Waits;
  /** How many calls this process may have in flight. */
  readonly places: number;
  /** What is in flight in all processes when so many of this one are, if the others use all the places that they have messages for. */
  ofAll(own: number): number;
}

export interface AdmissionOptions {
  readonly learner: RateLearner;
  readonly inFlightLimit: InFlightLimit;
  readonly role: () => Role;
}

const NEVER = Number.NEGATIVE_INFINITY;
// Whoever waited for the rate a moment ago would have sent more.
const PACED_MS = 1_000;
const BOUND_MS = 100;

export function createAdmission({ learner, inFlightLimit, role }: AdmissionOptions): Admission {
  const meter = createMeter(() => ({
    rate: learner.rate * role().share,
    burst: Math.max(1, learner.burst * role().share),
  }));
  let ramp = Number.POSITIVE_INFINITY;
  let openedAt = 0;
  let boundAt = NEVER;
  let pacedAt = NEVER;

  const places = () => {
    const { places: own, share } = role();
    const { limit, most } = inFlightLimit;
    const part = Math.max(1, Math.round(limit * share));
    if (own === undefined) return part;
    // While nothing was ever refused they are of what is configured, and a cold burst must not run into a wall.
    const isFree = learner.rate === Number.POSITIVE_INFINITY;
    return isFree && limit < most ? Math.min(own, part) : own;
  };
  const free = (inFlight: number) => Math.min(places(), ramp) - inFlight;
  const isPaced = (now: number) => now - pacedAt < PACED_MS;

  return {
    room(now, inFlight) {
      const byNumber = free(inFlight);
      if (learner.rate === Number.POSITIVE_INFINITY) {
        if (byNumber < 1) boundAt = now;
        return Math.max(0, byNumber);
      }
      if (role().leads) learner.evolve(now, isPaced(now));
      if (byNumber < 1) {
        // One place of few is in the way at every call: what counts is whether the rate were there for more.
        if (role().places !== undefined && meter.room(now) < 1) pacedAt = now;
        else if (places() <= ramp) boundAt = now;
        return 0;
      }
      const byRate = meter.room(now);
      if (byRate < 1) pacedAt = now;
      return Math.min(byNumber, byRate);
    },
    opensAt: (now, inFlight) => (free(inFlight) < 1 ? Number.POSITIVE_INFINITY : meter.opensAt(now)),
    take: meter.take,
    answered: meter.answered,
    granted() {
      if (ramp < inFlightLimit.limit) ramp++;
      else ramp = Number.POSITIVE_INFINITY;
    },
    reopened(saved, since, now) {
      openedAt = now;
      ramp = 1;
      meter.reset(saved, since);
    },
    paced(now) {
      pacedAt = now;
    },
    isPaced,
    // Without a rate nobody looks again until a call ends, however long that takes.
    isBound(startedAt, now) {
      const flightMs = learner.rate === Number.POSITIVE_INFINITY ? now - startedAt : 0;
      return now - boundAt <= Math.max(BOUND_MS, flightMs);
    },
    get waits() {
      return { boundAt, pacedAt, openedAt };
    },
    get places() {
      return places();
    },
    ofAll(own) {
      const others = Math.max(0, inFlightLimit.limit - Math.max(places(), own));
      return own + Math.min(others, role().othersWant ?? others);
    },
  };
}
