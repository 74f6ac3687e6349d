import { type Account, type AccountDeps, createAccount } from './accounts.ts';
import type { AccountConfig } from './config/accounts.ts';
import type { Config } from './config/config.ts';
import { createKeyWatch } from './config/key-watch.ts';
import { expiryWarning } from './delivery/credentials-expiry.ts';
import type { Readiness } from './http/routes/health.ts';
import { createBacklogAlarms } from './observability/backlog-alarms.ts';
import { createCredentialAlarms, logExpiries, refusalReasons } from './observability/credential-alarms.ts';
import type { Log } from './observability/log.ts';
import { createPacingAlarms, pacingReasons } from './observability/pacing-alarms.ts';

/** The accounts of a running gateway. */
export interface AccountSet {
  /** Every account that the configuration has or had since the start, by name. */
  readonly all: ReadonlyMap<string, Account>;
  /** The entries in force. */
  configs(): readonly AccountConfig[];
  /**
   * Puts other entries in force, all at once: new ones begin, changed ones hold from their next attempt on, and of
   * those that are gone the messages wait. Must not be called after `close`.
   */
  replace(configs: readonly AccountConfig[]): void;
  /** Takes up the remembered pace, and begins to follow the key files. */
  start(): Promise<void>;
  /** Reads the key files now. */
  refreshKeys(): Promise<void>;
  readiness(): Readiness;
  /** Call when no attempt is in flight. Resolves when other calls have ended too, and the connections are closed. */
  close(): Promise<void>;
  /** Ends all calls in flight at once. */
  cut(): Promise<void>;
}

export interface AccountSetDeps extends Omit<AccountDeps, 'refreshKeys' | 'onCredentials' | 'onPacing' | 'onBacklog'> {
  readonly log: Log;
  /** Called for each account when it begins to exist. */
  readonly onAdded: (account: Account) => void;
}

export function createAccountSet(config: Config, deps: AccountSetDeps): AccountSet {
  const { clock, log } = deps;
  const all = new Map<string, Account>();
  const onCredentials = createCredentialAlarms(log);
  const onPacing = createPacingAlarms(log);
  const onBacklog = createBacklogAlarms(log);
  const present = () => [...all.values()].filter(({ credentials }) => credentials.cause() !== 'gone');
  const configs = () => present().map((account) => account.config());
  const keys = createKeyWatch({
    accounts: configs,
    clock,
    log,
    onChange: (name) => all.get(name)?.credentials.keysChanged(),
  });
  let stopExpiryLog = () => {};
  let isStarted = false;

  const add = (entry: AccountConfig) => {
    const alarms = { onCredentials, onPacing, onBacklog };
    const account = createAccount(entry, config, { ...deps, refreshKeys: keys.refresh, ...alarms });
    all.set(entry.name, account);
    deps.onAdded(account);
    if (isStarted) void account.group.start();
  };
  for (const entry of config.accounts) add(entry);

  return {
    all,
    configs,
    replace(next) {
      const names = new Set(next.map(({ name }) => name));
      for (const account of all.values()) if (!names.has(account.name)) account.retire();
      for (const entry of next) {
        const account = all.get(entry.name);
        if (account === undefined) add(entry);
        else account.change(entry);
      }
    },
    async start() {
      isStarted = true;
      await Promise.all([...all.values()].map(({ group }) => group.start()));
      keys.start();
      const accounts = () => present().map(({ name, credentials }) => ({ name, expiresAt: credentials.expiresAt }));
      stopExpiryLog = logExpiries({ accounts, clock, log });
    },
    refreshKeys: keys.refreshAll,
    readiness() {
      const refusals: string[] = [];
      const warnings: string[] = [];
      const accounts = present();
      for (const { name, credentials, pacer } of accounts) {
        const cause = credentials.cause();
        if (cause !== null) refusals.push(refusalReasons[cause](name));
        const warning = expiryWarning(name, credentials.expiresAt(), clock.now());
        if (warning !== null) warnings.push(warning);
        const { alarm } = pacer.state(clock.now());
        if (alarm !== null) warnings.push(pacingReasons[alarm](name));
      }
      // While one account can send, its callers must not lose the gateway for the sake of another.
      const isUseless = refusals.length === accounts.length;
      return isUseless ? { reasons: refusals, warnings } : { reasons: [], warnings: [...refusals, ...warnings] };
    },
    async close() {
      keys.stop();
      stopExpiryLog();
      await Promise.all([...all.values()].map(({ group }) => group.stop()));
      await Promise.all([...all.values()].map((account) => account.close()));
    },
    async cut() {
      await Promise.all([...all.values()].map((account) => account.cut()));
    },
  };
}
