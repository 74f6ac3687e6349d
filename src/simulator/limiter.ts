/** One quota, as a pure function of the times it is told. Times are milliseconds. */
export interface Limiter {
  /** How long a call made at `nowMs` would have to wait; 0 = it may pass. Changes nothing that a caller can see. */
  waitMs(nowMs: number): number;
  /** Spends one call. Only after `waitMs` said 0. */
  take(nowMs: number): void;
  /** The call that was let through has ended. */
  release(): void;
}

export type LimiterModel =
  | { readonly model: 'tokenBucket'; readonly rate: number; readonly burst: number }
  | { readonly model: 'fixedWindow'; readonly limit: number; readonly windowMs: number }
  | { readonly model: 'slidingWindow'; readonly limit: number; readonly windowMs: number }
  | { readonly model: 'concurrency'; readonly limit: number };

// Nobody can know when a running call ends; servers that limit concurrency commonly say "a second".
const CONCURRENCY_WAIT_MS = 1000;
// Refilling in fractions would otherwise leave 0.999… of a token at the very instant a whole one is due.
const ROUNDING = 1e-9;

const nothing = () => {};

/** `rate` tokens a second, at most `burst` saved up; starts full. */
function tokenBucket(rate: number, burst: number): Limiter {
  let tokens = burst;
  let filledAt: number | undefined;
  const refill = (nowMs: number) => {
    const elapsedMs = Math.max(0, nowMs - (filledAt ?? nowMs));
    tokens = Math.min(burst, tokens + (elapsedMs * rate) / 1000);
    filledAt = nowMs;
  };
  return {
    waitMs(nowMs) {
      refill(nowMs);
      return tokens >= 1 - ROUNDING ? 0 : Math.ceil(((1 - tokens) * 1000) / rate - ROUNDING);
    },
    take(nowMs) {
      refill(nowMs);
      tokens = Math.max(0, tokens - 1);
    },
    release: nothing,
  };
}

/** `limit` calls a window; a window begins with the first call after the one before it ended. */
function fixedWindow(limit: number, windowMs: number): Limiter {
  let startedAt = Number.NEGATIVE_INFINITY;
  let used = 0;
  const isOver = (nowMs: number) => nowMs >= startedAt + windowMs || nowMs < startedAt;
  return {
    waitMs: (nowMs) => (isOver(nowMs) || used < limit ? 0 : startedAt + windowMs - nowMs),
    take(nowMs) {
      if (isOver(nowMs)) {
        startedAt = nowMs;
        used = 0;
      }
      used += 1;
    },
    release: nothing,
  };
}

/** `limit` calls in any stretch of `windowMs`. */
function slidingWindow(limit: number, windowMs: number): Limiter {
  const taken: number[] = [];
  return {
    waitMs(nowMs) {
      while (taken[0] !== undefined && taken[0] + windowMs <= nowMs) taken.shift();
      return taken[0] === undefined || taken.length < limit ? 0 : taken[0] + windowMs - nowMs;
    },
    take: (nowMs) => void taken.push(nowMs),
    release: nothing,
  };
}

/** `limit` calls at the same time. */
function concurrency(limit: number): Limiter {
  let running = 0;
  return {
    waitMs: () => (running < limit ? 0 : CONCURRENCY_WAIT_MS),
    take() {
      running += 1;
    },
    release() {
      running -= 1;
    },
  };
}

export function createLimiter(model: LimiterModel): Limiter {
  switch (model.model) {
    case 'tokenBucket':
      return tokenBucket(model.rate, model.burst);
    case 'fixedWindow':
      return fixedWindow(model.limit, model.windowMs);
    case 'slidingWindow':
      return slidingWindow(model.limit, model.windowMs);
    case 'concurrency':
      return concurrency(model.limit);
  }
}
