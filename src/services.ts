import type { FastifyInstance } from 'fastify';
import { createDirectory } from './access/directory.ts';
import { createAccountSet } from './account-set.ts';
import { buildApp } from './app.ts';
import { createPreparer } from './channels/prepare.ts';
import { CRITICAL_SHARE } from './config/callers.ts';
import type { Config } from './config/config.ts';
import { readConfigFile, reloadDirectory } from './config/reload-directory.ts';
import { createReloader } from './config/reloader.ts';
import { createDelivery } from './delivery/delivery.ts';
import type { Dispatcher } from './delivery/dispatcher.ts';
import { expiryReasons } from './delivery/expiry.ts';
import { createFinalWatch } from './delivery/final-watch.ts';
import { createFingerprinter } from './delivery/fingerprint.ts';
import { createLedger } from './delivery/ledger.ts';
import { createPacingDesk } from './delivery/pacing-desk.ts';
import { createReconciler } from './delivery/reconcile.ts';
import { createRevocations } from './delivery/revocations.ts';
import { createUpkeep } from './delivery/upkeep.ts';
import type { Pressure } from './http/overload.ts';
import type { Clock } from './kernel/clock.ts';
import { createIdSource } from './kernel/ids.ts';
import { cannotListen } from './kernel/start-error.ts';
import { createMetricsListener } from './metrics-listener.ts';
import { createAttemptLog } from './observability/attempt-log.ts';
import type { Log } from './observability/log.ts';
import { createMessageLog } from './observability/message-log.ts';
import { createMetrics } from './observability/metrics.ts';
import { createUpkeepLog } from './observability/upkeep-log.ts';
import { gatewayVersion } from './observability/version.ts';
import { createStops } from './pacing/stops.ts';
import { createReadings } from './readings.ts';
import { type ClosePhases, shutDown } from './shutdown.ts';
import { openSpool, openStorage } from './storage.ts';

export interface Services {
  readonly app: FastifyInstance;
  /** Takes up stored work and binds the listener. Resolves with the base URL. */
  listen(): Promise<string>;
  /** Reads the YAML file and the key files now. The log says what came of it; what cannot be used changes nothing. */
  reload(): Promise<void>;
  /** Ends in phases (see `shutDown`); resolves when nothing runs any more. Call once. */
  close(phases?: ClosePhases): Promise<void>;
}

export interface ServicesDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Default: what this process measures of itself. */
  readonly measurePressure?: (() => Pressure) | undefined;
}

const HOUR_MS = 3_600_000;

/** For messages whose caller the configuration has no more. */
const UNKNOWN_CALLER = { weight: 1, criticalShare: CRITICAL_SHARE };

/**
 * Builds the gateway from its configuration and owns the order of start and end: readiness falls, the listener
 * closes, what waits is refused or stays stored, attempts in flight end or are cut, connections and store close.
 */
export async function createServices(config: Config, deps: ServicesDeps): Promise<Services> {
  const { clock, log, measurePressure } = deps;
  const { limits, timing } = config;
  const keepKeysMs = timing.idempotencyHours * HOUR_MS;
  const storage = await openStorage(config, {
    clock,
    onWait: (mostMs) => log.warn({ mostMs }, 'another process holds DATA_DIR: waiting for its end'),
  });
  const metrics = createMetrics({
    clock,
    version: gatewayVersion(),
    // Asked at a scrape, when all of these are there.
    source: createReadings({
      accounts: () => accounts.configs().flatMap(({ name }) => accounts.all.get(name) ?? []),
      stops: () => stops.list(),
      store: storage.store,
      spool: { bytes: () => spool.bytes() },
      clock,
    }),
  });
  const messageLog = createMessageLog(log);
  const store = messageLog.watch(metrics.meterStore(storage.store));
  const spool = await openSpool(storage);
  const watch = createFinalWatch({ store, clock });
  const dispatchers = new Map<string, Dispatcher>();
  const ledger = createLedger({ store, clock, keepKeysMs });
  const revocations = createRevocations({ store, clock });
  const delivery = createDelivery({
    clock,
    nextId: createIdSource('msg_', clock.now),
    dispatchers,
    store,
    spool,
    watch,
    ledger,
    revocations,
    queueLimit: limits.queueLimit,
    keepKeysMs,
  });
  const directory = createDirectory(config.directory);
  const stops = createStops();
  const logAttempt = createAttemptLog(log);
  const accounts = createAccountSet(config, {
    clock,
    store,
    ledger,
    revocations,
    log,
    policy: (name) => directory.caller(name) ?? UNKNOWN_CALLER,
    stops,
    observer: {
      attemptEnded(message, result) {
        logAttempt(message, result);
        metrics.attemptEnded(message, result);
      },
      settled(message) {
        delivery.settled(message);
        metrics.settled(message);
        messageLog.settled(message);
      },
    },
    onAdded: ({ name, dispatcher }) => void dispatchers.set(name, dispatcher),
  });
  const reloader = createReloader({
    read: () => readConfigFile(config.file),
    load: (text) => reloadDirectory(text, config.file, accounts.configs()),
    // In one step, so that no request sees a stream without its account.
    apply(loaded) {
      accounts.replace(loaded.accounts);
      directory.replace(loaded.directory);
    },
    loadedText: config.file.loadedText(),
    clock,
    log,
  });
  const desk = createPacingDesk({ accounts: accounts.all, store, stops, clock });
  store.onChange(({ kind, id }) => {
    if (kind === 'ready') void upkeep.look();
    if (kind === 'pauses') void desk.refresh();
    if (kind === 'pacing')
      for (const { name, group } of accounts.all.values()) if (id === null || id === name) group.heardOf();
  });
  const reconciler = createReconciler({ accounts: accounts.all, store, clock });
  const upkeep = createUpkeep({
    store,
    spool,
    delivery,
    watch,
    reconciler,
    stops: desk,
    accounts: accounts.all,
    expiryReasons: (now) => expiryReasons({ accounts: accounts.all, stops }, now),
    clock,
    keepKeysMs,
    retentionMs: timing.retentionDays * 24 * HOUR_MS,
    onFailure: createUpkeepLog(log, clock),
  });

  const { host, metricsPort } = config.listen;
  const metricsListener =
    metricsPort === null ? null : createMetricsListener({ host, port: metricsPort, scrape: metrics.scrape });
  let isDraining = false;
  const app = await buildApp({
    bodyLimit: limits.bodyLimit,
    trustProxy: config.listen.trustProxy,
    directory,
    allowlist: config.allowlist,
    prepare: createPreparer({ defaultCountry: config.defaultCountry }),
    fingerprinter: createFingerprinter(await store.secret()),
    clock,
    measurePressure,
    store,
    watch,
    delivery,
    desk,
    reconciler,
    spool,
    limits: {
      attachmentBytes: limits.attachmentLimit,
      attachmentCount: limits.attachmentCount,
      dataBytes: limits.bodyLimit,
    },
    syncWaitMs: timing.syncWaitMs,
    defaultTtlHours: timing.messageTtlHours,
    keepKeysMs,
    log,
    metrics: { requestEnded: metrics.requestEnded, scrape: metricsListener === null ? metrics.scrape : null },
    async readiness() {
      if (isDraining) return { reasons: ['shutting down'], warnings: [] };
      const { reasons, warnings } = accounts.readiness();
      return { reasons: [...(await storage.problems()), ...reasons], warnings };
    },
  });

  return {
    app,
    async reload() {
      await Promise.all([accounts.refreshKeys(), reloader.reload()]);
    },
    async listen() {
      await desk.refresh();
      await accounts.start();
      await upkeep.start();
      reloader.start();
      if (metricsListener !== null) log.info({ url: await metricsListener.listen() }, 'metrics listening');
      const { port } = config.listen;
      return app.listen({ host, port }).catch((error: unknown) => {
        throw cannotListen({ host, port, settings: 'HOST, PORT' }, error);
      });
    },
    close(phases) {
      isDraining = true;
      const { closing } = app;
      const recording = [ledger, revocations];
      const parts = {
        closing,
        reloader,
        watch,
        delivery,
        accounts,
        upkeep,
        metricsListener,
        recording,
        storage,
        clock,
      };
      return shutDown(parts, phases);
    },
  };
}
