import type { AccountConfig } from './config/accounts.ts';
import type { Clock } from './kernel/clock.ts';
import { jwtExpiry } from './kernel/jwt-expiry.ts';
import { type ObservedAccount, readAccount } from './observability/account-reading.ts';
import type { AccountReading, BacklogReading, MetricsSource } from './observability/metrics-source.ts';
import type { Flow, Pause } from './store/flows.ts';
import type { Store } from './store/store.ts';

export interface ReadingsOptions {
  /** The accounts that the configuration has now. */
  readonly accounts: () => Iterable<ObservedAccount & { config(): Pick<AccountConfig, 'keys'> }>;
  /** What operators have stopped. */
  readonly stops: () => readonly Pause[];
  readonly store: Pick<Store, 'backlog' | 'readyFlows'>;
  /** Messages that are `unknown` now. */
  readonly unknownMessages: () => Promise<number>;
  readonly spool: { bytes(): number };
  readonly clock: Clock;
}

/** What a running gateway tells its metrics, read from its parts whenever it is asked. */
export function createReadings(options: ReadingsOptions): MetricsSource {
  const { store, clock, spool, unknownMessages } = options;
  return {
    accounts: () =>
      Array.from(options.accounts(), (account) =>
        readAccount(account, expiryOf(account.config()), options.stops(), clock.now()),
      ),
    async backlog(): Promise<BacklogReading[]> {
      const [waiting, ready] = await Promise.all([store.backlog(), store.readyFlows(clock.now())]);
      const due = new Set(ready.map(nameOf));
      return waiting.map(({ account, lane, caller, queued, oldestAt }) => ({
        account,
        lane,
        messages: queued,
        // Where nothing is ready, what waits waits for its own time.
        oldestDueAt: due.has(nameOf({ account, lane, caller })) ? oldestAt : null,
      }));
    },
    unknownMessages,
    spoolBytes: () => spool.bytes(),
  };
}

function expiryOf({ keys }: Pick<AccountConfig, 'keys'>): AccountReading['keysExpireAt'] {
  const { current, next } = keys();
  return { current: jwtExpiry(current), ...(next !== null && { next: jwtExpiry(next) }) };
}

function nameOf({ account, lane, caller }: Flow): string {
  return `${account} ${lane} ${caller}`;
}
