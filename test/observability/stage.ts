import { createMetrics, type Metrics } from '../../src/observability/metrics.ts';
import type { AccountReading, MetricsSource } from '../../src/observability/metrics-source.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';
import { type Exposition, parseExposition } from './exposition.ts';

/** An account that does nothing. */
export const idleAccount: AccountReading = {
  name: 'default',
  pacing: 'free',
  rate: null,
  inFlight: 0,
  concurrency: 32,
  waiting: [],
  stops: 0,
  keysExpireAt: { current: null },
};

/** A gateway in which nothing happens. */
export const quiet: MetricsSource = {
  accounts: () => [idleAccount],
  backlog: async () => [],
  unknownMessages: async () => 0,
  spoolBytes: () => 0,
};

export interface Stage {
  readonly metrics: Metrics;
  readonly clock: ManualClock;
  read(): Promise<Exposition>;
}

export function stage(source: Partial<MetricsSource> = {}): Stage {
  const clock = createManualClock();
  const metrics = createMetrics({ clock, version: '1.2.3', source: { ...quiet, ...source } });
  return { metrics, clock, read: async () => parseExposition((await metrics.scrape()).body) };
}
