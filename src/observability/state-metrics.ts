import { Gauge, type Registry } from 'prom-client';
import { lanes } from '../channels/channel.ts';
import { type Clock, sleep } from '../kernel/clock.ts';
import { createCounts } from './counts.ts';
import { counters, gauges } from './metric-definitions.ts';
import { type AccountReading, type BacklogReading, type MetricsSource, pacingStates } from './metrics-source.ts';

export interface StateMetricsOptions {
  readonly registry: Registry;
  readonly source: MetricsSource;
  readonly clock: Clock;
  /** Told of every account, at every reading. */
  readonly announce: (account: string) => void;
}

/** Prometheus gives up on a scrape after 10 s by default: a store that hangs must not cost it all the other values. */
const READING_TIMEOUT_MS = 2_000;

/** Makes the gauges and gives what sets them all. It never rejects: what cannot be read is left out, and counted. */
export function createStateMetrics({ registry, source, clock, announce }: StateMetricsOptions): () => Promise<void> {
  const errors = createCounts(counters.collectErrors, registry);
  const accountGauges = createAccountGauges(registry);
  const backlogGauges = createBacklogGauges(registry);
  const unknown = createGauge(gauges.unknown, registry);
  const spool = createGauge(gauges.spool, registry);
  let names: readonly string[] = [];

  const read = async <T>(name: string, own: readonly Gauge[], work: () => T | Promise<T>, show: (value: T) => void) => {
    const failures = errors(name);
    const value = await inTime(clock, work).catch(() => {
      failures.count++;
      return null;
    });
    // A value of earlier would look like one of now.
    own.forEach(clear);
    if (value !== null) show(value);
  };

  return async () => {
    await read('accounts', accountGauges.all, source.accounts, (readings) => {
      names = readings.map(({ name }) => name);
      names.forEach(announce);
      readings.forEach(accountGauges.show);
    });
    await Promise.all([
      read('backlog', backlogGauges.all, source.backlog, (readings) => {
        backlogGauges.show(names, readings, clock.now());
      }),
      read('unknown', [unknown], source.unknownMessages, (messages) => unknown.set(messages)),
      read('spool', [spool], source.spoolBytes, (bytes) => spool.set(bytes)),
    ]);
  };
}

function createAccountGauges(registry: Registry) {
  const state = createGauge(gauges.pacingState, registry);
  const rate = createGauge(gauges.pacingRate, registry);
  const inFlight = createGauge(gauges.inFlight, registry);
  const concurrency = createGauge(gauges.concurrency, registry);
  const waiting = createGauge(gauges.waitingNow, registry);
  const stops = createGauge(gauges.stops, registry);
  const keyExpiry = createGauge(gauges.keyExpiry, registry);
  return {
    all: [state, rate, inFlight, concurrency, waiting, stops, keyExpiry],
    show(reading: AccountReading) {
      const account = reading.name;
      for (const each of pacingStates) state.set({ account, state: each }, each === reading.pacing ? 1 : 0);
      if (reading.rate !== null) rate.set({ account }, reading.rate);
      inFlight.set({ account }, reading.inFlight);
      concurrency.set({ account }, reading.concurrency);
      for (const lane of lanes) waiting.set({ account, lane }, 0);
      for (const { lane, messages } of reading.waiting) waiting.inc({ account, lane }, messages);
      stops.set({ account }, reading.stops);
      for (const [key, endsAt] of Object.entries(reading.keysExpireAt)) {
        if (endsAt !== null) keyExpiry.set({ account, key }, endsAt / 1000);
      }
    },
  };
}

function createBacklogGauges(registry: Registry) {
  const messages = createGauge(gauges.backlog, registry);
  const oldest = createGauge(gauges.oldest, registry);
  return {
    all: [messages, oldest],
    show(accounts: readonly string[], readings: readonly BacklogReading[], now: number) {
      const places = accounts.flatMap((account) => lanes.map((lane) => ({ account, lane })));
      // An empty lane is a 0, not a gap. Of an account that is gone, only what still waits is told.
      for (const { account, lane } of [...places, ...readings]) {
        const here = readings.filter((reading) => reading.account === account && reading.lane === lane);
        const dueSince = here.map(({ oldestDueAt }) => oldestDueAt ?? now);
        messages.set(
          { account, lane },
          here.reduce((sum, reading) => sum + reading.messages, 0),
        );
        oldest.set({ account, lane }, Math.max(now - Math.min(now, ...dueSince), 0) / 1000);
      }
    },
  };
}

function createGauge<L extends string>(
  definition: { readonly name: string; readonly help: string; readonly labelNames: readonly L[] },
  registry: Registry,
): Gauge<L> {
  return new Gauge<L>({ ...definition, registers: [registry] });
}

/** `reset` alone would leave a gauge without labels at 0, which nobody measured. */
function clear(gauge: Gauge): void {
  gauge.reset();
  gauge.remove({});
}

async function inTime<T>(clock: Clock, work: () => T | Promise<T>): Promise<T> {
  const over = new AbortController();
  const tooLate = sleep(clock, READING_TIMEOUT_MS, over.signal).then(() => {
    throw new Error('the source took too long');
  });
  try {
    return await Promise.race([work(), tooLate]);
  } finally {
    tooLate.catch(() => undefined);
    over.abort();
  }
}
