import { createLimiter, type Limiter, type LimiterModel } from './limiter.ts';

/** How a 429 states its wait: not at all, truthfully in one of the two forms of RFC 9110, 10.2.3, or a fixed number. */
export type RetryAfterStyle = 'none' | 'seconds' | 'date' | number;

/** A quota: what is limited, for whom, and how a refusal looks. */
export type Throttle = LimiterModel & {
  /** One quota for everything (default), or one for each stream. */
  readonly scope?: 'account' | 'stream';
  /** Default `none`: CommBox does not promise the header. */
  readonly retryAfter?: RetryAfterStyle;
  /** Each call made while throttled makes the throttle last this much longer. Default 0. */
  readonly penaltyMs?: number;
};

export type Admission =
  | { readonly admitted: true; readonly release?: () => void }
  | { readonly admitted: false; readonly waitMs: number; readonly retryAfter: string | undefined };

export interface Throttles {
  /**
   * Spends one call of every quota that concerns the stream, or none of any: a refused call costs at most its penalty.
   * `release`, if there is one, must be called exactly once when the admitted call has ended.
   */
  admit(streamId: string, nowMs: number): Admission;
}

interface Quota {
  readonly throttle: Throttle;
  readonly limiter: Limiter;
  blockedUntilMs: number;
}

/** The `Retry-After` value for a wait that starts at `nowMs`. Times are rounded up, as a truthful server would. */
export function formatRetryAfter(style: RetryAfterStyle, waitMs: number, nowMs: number): string | undefined {
  if (style === 'none') return undefined;
  if (style === 'seconds') return String(Math.ceil(waitMs / 1000));
  if (style === 'date') return new Date(Math.ceil((nowMs + waitMs) / 1000) * 1000).toUTCString();
  return String(style);
}

const openDoor: Admission = { admitted: true };

/** The quotas together: a call passes if every one of them lets it; the longest wait speaks for a refusal. */
export function createThrottles(throttles: readonly Throttle[]): Throttles {
  if (throttles.length === 0) return { admit: () => openDoor };

  const createQuotas = (wanted: readonly Throttle[]): Quota[] =>
    wanted.map((throttle) => ({ throttle, limiter: createLimiter(throttle), blockedUntilMs: 0 }));
  const account = createQuotas(throttles.filter(({ scope }) => scope !== 'stream'));
  const perStream = throttles.filter(({ scope }) => scope === 'stream');
  const streams = new Map<string, Quota[]>();

  function quotasOf(streamId: string): Quota[] {
    if (perStream.length === 0) return account;
    const own = streams.get(streamId) ?? createQuotas(perStream);
    streams.set(streamId, own);
    return [...account, ...own];
  }

  function refuse(quota: Quota, waitMs: number, nowMs: number): number {
    const penaltyMs = quota.throttle.penaltyMs ?? 0;
    if (penaltyMs > 0) quota.blockedUntilMs = nowMs + waitMs + penaltyMs;
    return waitMs + penaltyMs;
  }

  return {
    admit(streamId, nowMs) {
      const quotas = quotasOf(streamId);
      let longestMs = 0;
      let style: RetryAfterStyle = 'none';
      for (const quota of quotas) {
        const waitMs = Math.max(quota.limiter.waitMs(nowMs), quota.blockedUntilMs - nowMs);
        if (waitMs <= 0) continue;
        const statedMs = refuse(quota, waitMs, nowMs);
        if (statedMs > longestMs) {
          longestMs = statedMs;
          style = quota.throttle.retryAfter ?? 'none';
        }
      }
      if (longestMs > 0) {
        return { admitted: false, waitMs: longestMs, retryAfter: formatRetryAfter(style, longestMs, nowMs) };
      }
      for (const { limiter } of quotas) limiter.take(nowMs);
      return {
        admitted: true,
        release() {
          for (const { limiter } of quotas) limiter.release();
        },
      };
    },
  };
}
