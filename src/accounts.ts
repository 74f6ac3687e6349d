import { type CommboxClient, createCommboxClient } from './commbox/client.ts';
import type { AccountConfig } from './config/accounts.ts';
import type { Config } from './config/config.ts';
import { createAttempt } from './delivery/attempt.ts';
import { createBacklog } from './delivery/backlog.ts';
import { createDispatcher, type DeliveryObserver, type Dispatcher } from './delivery/dispatcher.ts';
import { createKeyring } from './delivery/keyring.ts';
import type { Ledger } from './delivery/ledger.ts';
import type { Message } from './delivery/message.ts';
import { moveTo } from './delivery/message.ts';
import type { ReconcileAccount } from './delivery/reconcile.ts';
import type { Clock } from './kernel/clock.ts';
import type { Store } from './store/store.ts';

/** Limits of a call to CommBox that are not configuration. */
const CONNECT_TIMEOUT_MS = 5_000;
const WRITE_STALL_MS = 15_000;

/** One CommBox account at work: its connections, its key and the one dispatcher that sends for it. */
export interface Account extends ReconcileAccount {
  readonly name: string;
  readonly dispatcher: Dispatcher;
}

interface AccountDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly observer: DeliveryObserver;
}

/** Every configured account, by name. */
export function createAccounts(config: Config, deps: AccountDeps): ReadonlyMap<string, Account> {
  return new Map(config.accounts.map((account) => [account.name, createAccount(account, config, deps)]));
}

function createAccount(account: AccountConfig, config: Config, deps: AccountDeps): Account {
  const { clock, store, ledger, observer } = deps;
  const { name, concurrency } = account;
  const client = createClient(account, config, clock);
  const basePath = account.url.pathname.replace(/\/+$/, '');
  const keyring = createKeyring(() => account.keys());
  const giveBack = (message: Message) => {
    moveTo(message, 'queued');
    void ledger.settle(message, null);
  };
  const backlog = createBacklog({ account: name, store, clock, giveBack, onRetry: () => dispatcher.wake() });
  const attempt = createAttempt({ client, basePath, keyring, clock });
  const dispatcher = createDispatcher({ clock, random: Math.random, concurrency, attempt, ledger, backlog, observer });
  return { name, client, basePath, keyring, dispatcher };
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
