import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createDirectory } from './access/directory.ts';
import { buildApp } from './app.ts';
import { createSpool } from './attachments/spool.ts';
import { createPreparer } from './channels/prepare.ts';
import { type CommboxClient, createCommboxClient } from './commbox/client.ts';
import type { AccountConfig } from './config/accounts.ts';
import type { Config } from './config/config.ts';
import { createAttempt } from './delivery/attempt.ts';
import { createDelivery } from './delivery/delivery.ts';
import { createDispatcher, type DeliveryObserver, type Dispatcher } from './delivery/dispatcher.ts';
import { createKeyring } from './delivery/keyring.ts';
import { type Clock, sleep } from './kernel/clock.ts';
import { createIdSource } from './kernel/ids.ts';
import { createAttemptLog } from './observability/attempt-log.ts';
import type { Log } from './observability/log.ts';

/** Limits of a call to CommBox that are not configuration. */
const CONNECT_TIMEOUT_MS = 5_000;
const WRITE_STALL_MS = 15_000;

export interface Services {
  readonly app: FastifyInstance;
  /** Binds the listener. Resolves with the base URL. */
  listen(): Promise<string>;
  /** Ends in phases (see `createServices`); resolves when nothing runs any more. Safe to call once. */
  close(phases?: ClosePhases): Promise<void>;
}

export interface ClosePhases {
  /** How long the listener stays open after readiness fell, so that load balancers notice. */
  readonly lingerMs: number;
  /** When attempts still in flight are cut, counted from the beginning. */
  readonly cutMs: number;
}

/** For a process that nothing routes to: tests, demo, sandbox. */
const AT_ONCE: ClosePhases = { lingerMs: 0, cutMs: 25_000 };

/**
 * Builds the gateway from its configuration and owns the order of start and end: readiness falls, the listener
 * closes, what waits is refused, attempts in flight end or are cut, connections close.
 */
export async function createServices(config: Config, deps: { clock: Clock; log: Log }): Promise<Services> {
  const { clock, log } = deps;
  const spool = await createSpool({ directory: join(config.dataDir, 'spool') });
  const clients: CommboxClient[] = [];
  const dispatchers = new Map<string, Dispatcher>();
  const delivery = createDelivery({ clock, nextId: createIdSource('msg_', clock.now), dispatchers });
  const observer: DeliveryObserver = { attemptEnded: createAttemptLog(log), settled: delivery.settled };
  for (const account of config.accounts) {
    const client = createClient(account, config, clock);
    clients.push(client);
    dispatchers.set(account.name, createAccountDispatcher(account, client, clock, observer));
  }

  let isDraining = false;
  const app = await buildApp({
    bodyLimit: config.limits.bodyLimit,
    trustProxy: config.listen.trustProxy,
    directory: createDirectory(config.directory),
    allowlist: config.allowlist,
    prepare: createPreparer({ defaultCountry: config.defaultCountry }),
    clock,
    delivery,
    spool,
    limits: {
      attachmentBytes: config.limits.attachmentLimit,
      attachmentCount: config.limits.attachmentCount,
      dataBytes: config.limits.bodyLimit,
    },
    syncWaitMs: config.timing.syncWaitMs,
    defaultTtlHours: config.timing.messageTtlHours,
    log,
    notReady: () => (isDraining ? ['shutting down'] : []),
  });

  return {
    app,
    listen: () => app.listen({ host: config.listen.host, port: config.listen.port }),
    async close({ lingerMs, cutMs } = AT_ONCE) {
      isDraining = true;
      await sleep(clock, lingerMs);
      const closed = app.close();
      const drained = delivery.drain();
      const isLate = await endsAfter(drained, cutMs - lingerMs, clock);
      // Cut calls were written already: each ends as `unknown`, which is the truth.
      await Promise.all(clients.map((client) => (isLate ? client.destroy() : client.close())));
      await drained;
      await closed;
    },
  };
}

/** Whether `work` is still going on after `ms`. */
function endsAfter(work: Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(ms, () => resolve(true));
    work.then(() => {
      cancel();
      resolve(false);
    });
  });
}

function createClient(account: AccountConfig, config: Config, clock: Clock): CommboxClient {
  const https = config.proxy.https();
  return createCommboxClient({
    origin: account.url.origin,
    connections: account.concurrency,
    clock,
    timeouts: { answerMs: config.timing.upstreamTimeoutMs, writeStallMs: WRITE_STALL_MS },
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    proxy: https === null ? undefined : { https, no: config.proxy.no },
  });
}

function createAccountDispatcher(
  account: AccountConfig,
  client: CommboxClient,
  clock: Clock,
  observer: DeliveryObserver,
): Dispatcher {
  const basePath = account.url.pathname.replace(/\/+$/, '');
  const attempt = createAttempt({ client, basePath, keyring: createKeyring(() => account.keys()), clock });
  return createDispatcher({ clock, random: Math.random, concurrency: account.concurrency, attempt, observer });
}
