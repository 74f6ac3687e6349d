import type { Clock } from '../kernel/clock.ts';
import { errorFields } from './error-fields.ts';
import type { Log } from './log.ts';

/** How long the same failure of a task is only counted, so that an outage does not fill the log. */
export const QUIET_MS = 60_000;

/**
 * Logs what fails of the work that nobody asks for, which comes round every few seconds: a failure of another kind at
 * once, the same again a minute later at the earliest, with how often it came meanwhile.
 */
export function createUpkeepLog(log: Log, clock: Clock): (task: string, error: unknown) => void {
  const told = new Map<string, { at: number; failures: number }>();

  return (task, error) => {
    const fields = errorFields(error);
    const key = JSON.stringify([task, fields]);
    const last = told.get(key);
    if (last !== undefined && clock.monotonic() - last.at < QUIET_MS) {
      last.failures++;
      return;
    }
    log.warn({ task, failures: (last?.failures ?? 0) + 1, ...fields }, 'upkeep failed');
    told.set(key, { at: clock.monotonic(), failures: 0 });
  };
}
