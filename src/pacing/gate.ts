import type { Period } from './circuit.ts';
import type { LimitFacts } from './in-flight-verdict.ts';
import { createLessons } from './lessons.ts';
import type { PacerParts } from './pacer-parts.ts';
import { alarmOf, type PacingAlarm } from './pacer-state.ts';
import type { PacerMemory } from './role.ts';
import { savesUp, spacesOut } from './throttle-belief.ts';

/** What it means for an account to be closed and opened: to its circuits, its pace, and to what is learned. */
export interface Gate {
  /** CommBox refused a call. `isTelling` = attempts went at the rate that is being learned. */
  close(retryAfterMs: number | null, facts: LimitFacts, isTelling: boolean): void;
  /** CommBox takes calls again; the one that showed it began at `since`. */
  reopen(since: number, now: number): void;
  /** A call did not reach CommBox. */
  cutOff(now: number): void;
  /** CommBox is within reach again. */
  reconnect(now: number): void;
  /** Takes over how the account stands from what was remembered or published; `period` as for a circuit. */
  adopt(memory: PacerMemory, period: Period, now: number): void;
}

/** @param onAlarm Told when what an operator should hear of changes; null = all is well again. */
export function createGate(parts: PacerParts, onAlarm: (alarm: PacingAlarm | null) => void): Gate {
  const { breakers, learner, throughput, admission, role } = parts;
  const { quota, connection } = breakers;
  const lessons = createLessons(learner, parts.inFlightLimit);
  /** It was opened here, where nobody knows what had been saved up meanwhile. */
  let isUntold = false;
  let alarm: PacingAlarm | null = null;

  const noticeAlarm = () => {
    const next = alarmOf(breakers);
    if (next === alarm) return;
    alarm = next;
    onAlarm(next);
  };

  return {
    close(retryAfterMs, facts, isTelling) {
      isUntold = false;
      const { leads, share } = role();
      if (!quota.isClosed) lessons.closed(retryAfterMs, { ...facts, isGuess: share < 1 }, leads && isTelling);
      // What is left of a long window is another time after each refusal.
      const kind = { isAlike: learner.windowS === 1, isSpaced: leads && spacesOut(learner) };
      quota.refused(retryAfterMs, facts.now, kind);
      noticeAlarm();
    },
    reopen(since, now) {
      const pauseMs = now - quota.closedAt;
      throughput.reopened(pauseMs, now);
      const { refusedAt } = quota;
      quota.reopen(now);
      const { leads, share } = role();
      const saved = leads
        ? lessons.opened({ pauseMs, failedAt: refusedAt, now, isShared: share < 1, isLenient: quota.isLenient })
        : null;
      // Where nothing is saved up, the probe was the first call of a new count.
      isUntold = saved === null;
      if (saved === null) admission.reopened(1, now, now);
      else admission.reopened(saved * share, savesUp(learner) ? now : since, now);
      noticeAlarm();
    },
    cutOff(now) {
      connection.refused(null, now);
      noticeAlarm();
    },
    reconnect(now) {
      throughput.reopened(now - connection.closedAt, now);
      connection.reopen(now);
      admission.reopened(1, now, now);
      noticeAlarm();
    },
    adopt({ circuit, learned: { burst, shape } }, period, now) {
      const wasClosed = quota.isClosed;
      const pauseMs = now - quota.closedAt;
      quota.adopt(circuit, period);
      noticeAlarm();
      if (quota.isClosed || circuit.isClosed) return;
      // Who opened the account itself hears only now what was saved up.
      const isLate = isUntold && savesUp({ burst, shape });
      isUntold = false;
      if (wasClosed) throughput.reopened(pauseMs, now);
      if (wasClosed || isLate) admission.reopened(savesUp({ burst, shape }) ? burst * role().share : 0, now, now);
    },
  };
}
