import type { Throttle } from '../../src/simulator/throttle.ts';

export const modelNames = ['tokenBucket', 'fixedWindow', 'slidingWindow', 'concurrency'] as const;
export type ModelName = (typeof modelNames)[number];

/** How the simulated CommBox throttles in a run. */
export interface Scenario {
  readonly model: ModelName;
  readonly title: string;
  /** Whether a 429 says how long to wait. */
  readonly isStated: boolean;
  /** How much longer every refused call makes the throttle last. */
  readonly penaltyMs: number;
  readonly throttle: Throttle;
  /** What every answer takes. */
  readonly latency: { readonly ms: number; readonly jitterMs: number };
}

/** Calls per second that every one of the throttles grants to a perfect sender. */
export const QUOTA = 20;
const BURST = 20;
const PENALTY_MS = 500;
const AT_ONCE = 4;

const modelTitles: Record<ModelName, string> = {
  tokenBucket: 'token bucket',
  fixedWindow: 'fixed window',
  slidingWindow: 'sliding window',
  concurrency: '4 at once',
};

// The limit on calls at a time makes a rate only together with the time that a call takes: 200 ms in the mean.
const latencies: Record<ModelName, Scenario['latency']> = {
  tokenBucket: { ms: 20, jitterMs: 20 },
  fixedWindow: { ms: 20, jitterMs: 20 },
  slidingWindow: { ms: 20, jitterMs: 20 },
  concurrency: { ms: 190, jitterMs: 20 },
};

/** A throttle that grants `rate` calls a second. */
export function throttleOf(model: ModelName, rate: number, isStated: boolean, penaltyMs: number): Throttle {
  const refusal = { retryAfter: isStated ? 'seconds' : 'none', penaltyMs } as const;
  switch (model) {
    case 'tokenBucket':
      return { model, rate, burst: BURST, ...refusal };
    case 'fixedWindow':
    case 'slidingWindow':
      return { model, limit: rate, windowMs: 1000, ...refusal };
    case 'concurrency':
      return { model, limit: (AT_ONCE * rate) / QUOTA, ...refusal };
  }
}

export function scenarioOf(model: ModelName, isStated: boolean, isPunishing: boolean): Scenario {
  const penaltyMs = isPunishing ? PENALTY_MS : 0;
  const variant = `${isStated ? 'Retry-After' : 'no Retry-After'}${isPunishing ? `, penalty ${PENALTY_MS} ms` : ''}`;
  return {
    model,
    title: `${modelTitles[model]}, ${variant}`,
    isStated,
    penaltyMs,
    throttle: throttleOf(model, QUOTA, isStated, penaltyMs),
    latency: latencies[model],
  };
}

/** Every throttle in every way to refuse: stated or not, without and with a penalty. */
export function allScenarios(wanted: readonly ModelName[]): Scenario[] {
  const ways = [false, true].flatMap((isPunishing) => [true, false].map((isStated) => ({ isStated, isPunishing })));
  return ways.flatMap(({ isStated, isPunishing }) => wanted.map((model) => scenarioOf(model, isStated, isPunishing)));
}
