import type { Cycle } from '../../src/pacing/cycle-evidence.ts';

export const openedAt = Date.UTC(2026, 0, 1);

/** A cycle of 20 calls a second that was neither burst nor trial. */
export function sampleCycle(pauseMs: number, activeMs: number, grants: number, part: Partial<Cycle> = {}): Cycle {
  return {
    startedAt: openedAt - pauseMs,
    openedAt,
    endedAt: openedAt + activeMs,
    statedMs: 0,
    failedAt: openedAt + activeMs,
    grants,
    mostInSecond: 0,
    lastSecond: 20,
    caughtUp: 0,
    burstAt: Number.NEGATIVE_INFINITY,
    settledRate: 20,
    recentRate: 20,
    trial: [],
    ...part,
  };
}
