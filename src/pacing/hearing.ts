import type { Gate } from './gate.ts';
import type { PacerParts } from './pacer-parts.ts';
import type { Tidings } from './role.ts';

const NEVER = Number.NEGATIVE_INFINITY;

/** For the leader: learns from what another process has met as if it had met it itself. */
export function createHearing(parts: PacerParts, gate: Gate): (tidings: Tidings, now: number) => void {
  const { learner, inFlightLimit, throughput, admission } = parts;
  const { quota } = parts.breakers;

  return ({ granted, bound, isPaced, refusal, reopened }, now) => {
    learner.granted(granted, now);
    throughput.granted(granted, now);
    if (granted > 0) learner.begin(now);
    // While nothing was ever refused, each process finds out for itself how many places it can fill.
    // What was granted before a refusal says nothing against it.
    const news = Number.isFinite(learner.rate) && !quota.isClosed ? bound : 0;
    const { limit } = inFlightLimit;
    for (let n = 0; n < news; n++) inFlightLimit.granted({ inFlight: limit, tookMs: 0 }, true, now);
    if (isPaced) {
      admission.paced(now);
      throughput.waited(now);
    }
    // Nothing may wait here, while others do.
    if (!quota.isClosed) learner.evolve(now, admission.isPaced(now));
    if (reopened === quota.period && quota.isClosed) gate.reopen(now, now);
    if (refusal === null) return;
    const { period, retryAfterMs, inFlight } = refusal;
    if (period === quota.period) {
      const waits = refusal.isPaced ? { boundAt: NEVER, pacedAt: now } : { boundAt: now, pacedAt: NEVER };
      const facts = { now, inFlight, number: inFlight, ...admission.waits, ...waits, pacedBefore: waits.pacedAt };
      gate.close(retryAfterMs, facts, true);
    } else if (retryAfterMs !== null) quota.extend(now + retryAfterMs);
  };
}
