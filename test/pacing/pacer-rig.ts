import { createPacer, type Pacer, type PacerOptions, type Pass } from '../../src/pacing/pacer.ts';

export const start = Date.UTC(2026, 0, 1);
/** A pacer of which nothing is known; its jitter is the mean. */
export const open = (options: Partial<PacerOptions> = {}) =>
  createPacer({ random: () => 0.5, concurrency: 4, knownRate: null, ...options });
/** Starts all that may start. */
export const enterAll = (pacer: Pacer, now: number): Pass[] =>
  Array.from({ length: pacer.room(now) }, () => pacer.enter(now));

/** Refuses one call, and grants the probe after the pause. Returns when. */
export function refuseOnce(pacer: Pacer, now: number, retryAfterMs: number | null = 1_000): number {
  pacer.throttled(pacer.enter(now), retryAfterMs, now);
  const probeAt = pacer.opensAt(now);
  pacer.succeeded(pacer.enter(probeAt), probeAt);
  return probeAt;
}

/** When calls start if one always waits and each is granted 20 ms later. */
export function run(pacer: Pacer, from: number, ms: number): number[] {
  const starts: number[] = [];
  const passes: Pass[] = [];
  for (let now = from; now < from + ms; now += 5) {
    while (passes[0] !== undefined && now - passes[0].startedAt >= 20) pacer.succeeded(passes.shift() as Pass, now);
    for (; pacer.room(now) > 0; passes.push(pacer.enter(now))) starts.push(now);
  }
  for (const pass of passes) pacer.succeeded(pass, from + ms);
  return starts;
}
