import type { Clock } from '../kernel/clock.ts';

export interface FailureLimitOptions {
  readonly clock: Clock;
  /** Failures in a window before the answer is to slow down. */
  readonly max: number;
  readonly windowMs: number;
  /** How many sources are counted at the same time; beyond, the one that failed least lately is forgotten. */
  readonly mostSources: number;
}

/** Counts failed authentications by where they come from, in bounded memory. */
export interface FailureLimit {
  /** Notes a failure. Gives the milliseconds that the source is to wait, 0 while it has failures left. */
  note(source: string): number;
  /** How many sources are being counted. */
  readonly size: number;
}

export function createFailureLimit({ clock, max, windowMs, mostSources }: FailureLimitOptions): FailureLimit {
  // In the order of their last failure.
  const windows = new Map<string, { failures: number; readonly endsAt: number }>();

  return {
    note(source) {
      const now = clock.monotonic();
      const known = windows.get(source);
      windows.delete(source);
      const window = known === undefined || known.endsAt <= now ? { failures: 0, endsAt: now + windowMs } : known;
      window.failures++;
      windows.set(source, window);
      const [oldest] = windows.keys();
      if (windows.size > mostSources && oldest !== undefined) windows.delete(oldest);
      return window.failures > max ? window.endsAt - now : 0;
    },
    get size() {
      return windows.size;
    },
  };
}
