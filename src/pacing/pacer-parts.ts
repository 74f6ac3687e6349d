import { type Admission, createAdmission } from './admission.ts';
import { type Breakers, createBreakers } from './breakers.ts';
import { createInFlightLimit, type InFlightLimit } from './in-flight-limit.ts';
import { createRateLearner, type RateLearner } from './rate-learner.ts';
import type { Role } from './role.ts';
import { createThroughput, type Throughput } from './throughput.ts';

/** What a pacer knows of one account, each part about one thing. */
export interface PacerParts {
  readonly breakers: Breakers;
  readonly learner: RateLearner;
  readonly inFlightLimit: InFlightLimit;
  readonly throughput: Throughput;
  readonly admission: Admission;
  readonly role: () => Role;
}

export interface PacerPartsOptions {
  readonly random: () => number;
  readonly concurrency: number;
  readonly knownRate: number | null;
}

/** @param options Are read again and again: `concurrency` and `knownRate` may change. */
export function createPacerParts(options: PacerPartsOptions, role: () => Role): PacerParts {
  const learner = createRateLearner(options);
  const inFlightLimit = createInFlightLimit(options);
  return {
    breakers: createBreakers(options),
    learner,
    inFlightLimit,
    throughput: createThroughput(),
    admission: createAdmission({ learner, inFlightLimit, role }),
    role,
  };
}
