import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Clock } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import { type AttemptMetrics, createAttemptMetrics } from './attempt-metrics.ts';
import { createMessageMetrics, type MessageMetrics } from './message-metrics.ts';
import { gauges } from './metric-definitions.ts';
import type { MetricsSource } from './metrics-source.ts';
import { createRequestMetrics, type RequestObserver } from './request-metrics.ts';
import { createStateMetrics } from './state-metrics.ts';
import { createStoreTimer } from './store-metrics.ts';

/** The exposition that Prometheus reads. */
export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

/** All metrics of one gateway. Observing never throws. */
export interface Metrics {
  readonly requestEnded: RequestObserver;
  readonly attemptEnded: AttemptMetrics['ended'];
  readonly settled: MessageMetrics['settled'];
  /** Gives a store that does the same, timed, with the ends that only it sees counted. Everything should use that one. */
  meterStore(store: Store): Store;
  /** Reads the present state and renders everything. Those who ask at the same time share one reading. */
  scrape(): Promise<Scrape>;
}

export interface MetricsOptions {
  readonly clock: Clock;
  /** Asked at every scrape, never before. */
  readonly source: MetricsSource;
  /** Of the gateway. */
  readonly version: string;
}

/**
 * prom-client under Prometheus' rules, with a registry of its own: several gateways of one process do not mix, but for
 * the figures of the process itself. Those begin with the first scrape, so that they cost nothing where nobody asks.
 */
export function createMetrics({ clock, source, version }: MetricsOptions): Metrics {
  const registry = new Registry();
  const requestEnded = createRequestMetrics(registry);
  const attempts = createAttemptMetrics(registry);
  const messages = createMessageMetrics(registry);
  const timeStore = createStoreTimer(registry, clock);
  const readState = createStateMetrics({ registry, source, clock, announce: attempts.announce });
  const build = new Gauge({ ...gauges.build, registers: [registry] });
  build.set({ version, node_version: process.version }, 1);

  let isProcessWatched = false;
  let running: Promise<Scrape> | null = null;
  const scrape = async (): Promise<Scrape> => {
    if (!isProcessWatched) watchProcess(registry);
    isProcessWatched = true;
    await readState();
    return { contentType: registry.contentType, body: await registry.metrics() };
  };

  return {
    requestEnded,
    attemptEnded: attempts.ended,
    settled: messages.settled,
    meterStore: (store) => messages.watch(timeStore(store)),
    scrape() {
      running ??= scrape().finally(() => {
        running = null;
      });
      return running;
    },
  };
}

function watchProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  // Gauges that are named like counters, and only add up what stands beside them by type.
  for (const name of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${name}_total`);
}
