import type { Report } from './pacing-report.ts';
import type { Refusal, Turn } from './role.ts';

/** What this process has met of CommBox's refusals and openings, as it tells the others. */
export interface Encounters {
  note(turn: Turn, now: number): void;
  sum(): Pick<Report, 'refusals' | 'refusal' | 'reopenings' | 'reopened'>;
}

export function createEncounters(): Encounters {
  let refusals = 0;
  let reopenings = 0;
  let refusal: Refusal | null = null;
  let refusedAt = 0;
  let reopened: Report['reopened'] = null;

  return {
    note(turn, now) {
      if ('refusal' in turn) {
        refusals++;
        refusal = withLongest(refusal, turn.refusal, now - refusedAt);
        refusedAt = now;
      } else if ('reopened' in turn) {
        reopenings++;
        reopened = turn.reopened;
      }
    },
    sum: () => ({ refusals, refusal, reopenings, reopened }),
  };
}

/** Of several refusals in one period the pause that ends last counts: the earlier may not have been told yet. */
function withLongest(earlier: Refusal | null, later: Refusal, msBetween: number): Refusal {
  if (earlier === null || earlier.period !== later.period) return later;
  const restMs = earlier.retryAfterMs === null ? null : earlier.retryAfterMs - msBetween;
  const stated = [restMs, later.retryAfterMs].filter((ms) => ms !== null);
  return { ...earlier, retryAfterMs: stated.length === 0 ? null : Math.max(0, ...stated) };
}
