import { randomUUID } from 'node:crypto';
import { askSystemStatus } from './commbox/system-status.ts';
import type { AccountConfig } from './config/accounts.ts';
import type { Config } from './config/config.ts';
import { createBacklog } from './delivery/backlog.ts';
import type { DeliveryObserver } from './delivery/courier.ts';
import { type Credentials, type CredentialsOptions, createCredentials } from './delivery/credentials.ts';
import { withFreshKeys } from './delivery/credentials-retry.ts';
import { createDispatcher, type Dispatcher } from './delivery/dispatcher.ts';
import { createKeyring } from './delivery/keyring.ts';
import type { Ledger } from './delivery/ledger.ts';
import { createLink, type Link } from './delivery/link.ts';
import type { Message } from './delivery/message.ts';
import { moveTo } from './delivery/message.ts';
import type { ReconcileAccount } from './delivery/reconcile.ts';
import type { Revocations } from './delivery/revocations.ts';
import type { Clock } from './kernel/clock.ts';
import { createPacer, type Pacer } from './pacing/pacer.ts';
import type { PacingAlarm } from './pacing/pacer-state.ts';
import { createPacingGroup, type PacingGroup } from './pacing/pacing-group.ts';
import type { FlowKey, FlowPolicy } from './pacing/scheduler.ts';
import type { Stops } from './pacing/stops.ts';
import type { Store } from './store/store.ts';

/** Limits of a call to CommBox that are not configuration. */
const CONNECT_TIMEOUT_MS = 5_000;
const WRITE_STALL_MS = 15_000;

/**
 * One CommBox account at work: its connections, its keys and the one dispatcher that sends for it. It lives as long as
 * the process, whatever becomes of its entry, so that nothing that waits for it ever hangs in between.
 */
export interface Account extends ReconcileAccount {
  readonly name: string;
  readonly dispatcher: Dispatcher;
  readonly pacer: Pacer;
  /** Its pace, shared with other processes and remembered. */
  readonly group: PacingGroup;
  readonly credentials: Credentials;
  /** Its entry of this moment; of a removed account, the last one. */
  config(): AccountConfig;
  /** Puts another entry in force for the attempts that begin from now on. */
  change(next: AccountConfig): void;
  /** Holds its messages until it is changed again. Attempts in flight go on. */
  retire(): void;
  /** Closes all its connections, those of former entries too, as soon as their calls have ended. */
  close(): Promise<void>;
  /** Ends all calls in flight at once. */
  cut(): Promise<void>;
}

export interface AccountDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly revocations: Pick<Revocations, 'isRevoked'>;
  readonly observer: DeliveryObserver;
  /** What a caller may expect of a scarce quota, asked anew for every slot. */
  readonly policy: (caller: string) => FlowPolicy;
  readonly stops: Stops;
  /** Reads the account's key files now. */
  readonly refreshKeys: (config: AccountConfig) => Promise<void>;
  readonly onCredentials: (account: string, ...change: Parameters<CredentialsOptions['onChange']>) => void;
  readonly onPacing: (account: string, alarm: PacingAlarm | null) => void;
  /** Told of what keeps its stored messages from being read, and of null once nothing does. */
  readonly onBacklog: (account: string, error: unknown) => void;
}

type Process = Pick<Config, 'proxy' | 'timing'>;

/** @param process what holds for every account and does not change while the process runs */
export function createAccount(initial: AccountConfig, process: Process, deps: AccountDeps): Account {
  const { clock, store, ledger, observer } = deps;
  const { name } = initial;
  const keyring = createKeyring(() => config.keys());
  const createLinkTo = ({ url, concurrency }: AccountConfig) => {
    const https = process.proxy.https();
    return createLink({
      url,
      keyring,
      clock,
      concurrency,
      timeouts: { answerMs: process.timing.upstreamTimeoutMs, writeStallMs: WRITE_STALL_MS },
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      proxy: https === null ? undefined : { https, no: process.proxy.no },
    });
  };
  let config = initial;
  let link = createLinkTo(config);
  /** Ways of former entries that attempts still go. */
  const former = new Set<Link>();

  const giveBack = (message: Message) => {
    moveTo(message, 'queued');
    void ledger.settle(message, null);
  };
  const wake = (flows: readonly FlowKey[]) => {
    for (const flow of flows) dispatcher.wake(flow);
  };
  const onTrouble = (error: unknown) => deps.onBacklog(name, error);
  const undoTake = (takenAt: number) => ledger.undoTake(name, takenAt);
  const backlog = createBacklog({
    account: name,
    store,
    clock,
    isRevoked: deps.revocations.isRevoked,
    undoTake,
    giveBack,
    onRetry: wake,
    onTrouble,
  });
  const pacer = createPacer({
    onTurn: (turn) => group.turned(turn),
    onAlarm: (alarm) => deps.onPacing(name, alarm),
    random: Math.random,
    get concurrency() {
      return config.concurrency;
    },
    get knownRate() {
      return config.rate;
    },
  });
  const credentials = createCredentials({
    keyring,
    clock,
    ask: async (key) =>
      (await askSystemStatus(link.questions, link.basePath, { key, requestId: randomUUID() })).verdict,
    onChange(state, cause) {
      deps.onCredentials(name, state, cause);
      dispatcher.wake();
    },
  });
  const attempt = withFreshKeys({
    attempt: (message) => link.attempt(message),
    keys: () => config.keys(),
    refresh: () => deps.refreshKeys(config),
  });
  const dispatcher = createDispatcher({
    clock,
    pacer,
    attempt,
    ledger,
    backlog,
    credentials,
    observer,
    policy: deps.policy,
    isStopped: (lane, caller) => deps.stops.isStopped(name, lane, caller),
  });

  const group = createPacingGroup({
    account: name,
    store,
    pacer,
    clock,
    wants: () => dispatcher.demand(),
    onAllowed: () => dispatcher.wake(),
  });

  const leave = () => {
    const left = link;
    former.add(left);
    void left.leave().then(() => former.delete(left));
  };

  return {
    name,
    get client() {
      return link.lookups;
    },
    get basePath() {
      return link.basePath;
    },
    keyring,
    dispatcher,
    pacer,
    group,
    credentials,
    config: () => config,
    change(next) {
      const isGone = credentials.cause() === 'gone';
      if (next === config && !isGone) return;
      const isSameWay = next.url.href === config.url.href && next.concurrency === config.concurrency;
      if (!isSameWay && !isGone) leave();
      config = next;
      if (!isSameWay || isGone) link = createLinkTo(config);
      credentials.restore();
      credentials.keysChanged();
      dispatcher.wake();
    },
    retire() {
      if (credentials.cause() === 'gone') return;
      credentials.retire();
      leave();
    },
    async close() {
      credentials.stop();
      // A question about the keys must not hold the end up, and where one is open nothing else is worth waiting for.
      const mayWait = credentials.state() === 'ok';
      await Promise.all([...former, link].map((each) => (mayWait ? each.close() : each.cut())));
    },
    async cut() {
      credentials.stop();
      await Promise.all([...former, link].map((each) => each.cut()));
    },
  };
}
