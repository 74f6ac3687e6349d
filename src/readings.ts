import type { AccountConfig } from './config/accounts.ts';
import type { Clock } from './kernel/clock.ts';
import { jwtExpiry } from './kernel/jwt-expiry.ts';
import { type ObservedAccount, readAccount } from './observability/account-reading.ts';
import type { AccountReading, BacklogReading, MetricsSource } from './observability/metrics-source.ts';
import type { Pause } from './store/flows.ts';
import type { Store } from './store/store.ts';

export interface ReadingsOptions {
  /** The accounts that the configuration has now. */
  readonly accounts: () => Iterable<ObservedAccount & { config(): Pick<AccountConfig, 'keys'> }>;
  /** What operators have stopped. */
  readonly stops: () => readonly Pause[];
  readonly store: Pick<Store, 'backlog' | 'unknownCount'>;
  readonly spool: { bytes(): number };
  readonly clock: Clock;
}

/** What a running gateway tells its metrics, read from its parts whenever it is asked. */
export function createReadings(options: ReadingsOptions): MetricsSource {
  const { store, clock, spool } = options;
  return {
    accounts: () =>
      Array.from(options.accounts(), (account) =>
        readAccount(account, expiryOf(account.config()), options.stops(), clock.now()),
      ),
    async backlog(): Promise<BacklogReading[]> {
      const waiting = await store.backlog();
      return waiting.map(({ account, lane, queued, firstDueAt }) => ({
        account,
        lane,
        messages: queued,
        oldestDueAt: firstDueAt <= clock.now() ? firstDueAt : null,
      }));
    },
    unknownMessages: () => store.unknownCount(),
    spoolBytes: () => spool.bytes(),
  };
}

function expiryOf({ keys }: Pick<AccountConfig, 'keys'>): AccountReading['keysExpireAt'] {
  const { current, next } = keys();
  return { current: jwtExpiry(current), ...(next !== null && { next: jwtExpiry(next) }) };
}
