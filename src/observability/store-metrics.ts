import type { Registry } from 'prom-client';
import type { Clock } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import { createCounts } from './counts.ts';
import { counters, histograms } from './metric-definitions.ts';
import { createTimings } from './timings.ts';

/** Gives a store whose operations are timed; it does what the given one does. */
export type StoreTimer = (store: Store) => Store;

type Work = (...args: unknown[]) => unknown;

export function createStoreTimer(registry: Registry, clock: Clock): StoreTimer {
  const durations = createTimings(histograms.storeDuration, registry);
  const errors = createCounts(counters.storeErrors, registry);

  const timed = (operation: string, work: Work): Work => {
    return (...args) => {
      const startedAt = clock.monotonic();
      const result = work(...args);
      // What is written behind, or does not reach the database at all, has no duration.
      if (!(result instanceof Promise)) return result;
      const failures = errors(operation);
      const end = () => durations(operation).observe(Math.max(clock.monotonic() - startedAt, 0) / 1000);
      // On the side: whoever waits for the result does not wait for this.
      result.then(end, () => {
        failures.count++;
        end();
      });
      return result;
    };
  };

  return (store) => {
    const operations = Object.entries(store) as [string, Work][];
    return Object.fromEntries(operations.map(([name, work]) => [name, timed(name, work)])) as unknown as Store;
  };
}
