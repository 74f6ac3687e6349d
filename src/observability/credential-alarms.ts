import type { CredentialState, RefusalCause } from '../delivery/credentials.ts';
import { expiryWarning } from '../delivery/credentials-expiry.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from './log.ts';

const DAY_MS = 86_400_000;

/** What is said about an account whose attempts are held, in logs and in readiness. */
export const refusalReasons: Record<RefusalCause, (account: string) => string> = {
  refused: (account) => `CommBox refuses the key of account ${account}`,
  undecided: (account) =>
    `CommBox refused the key of account ${account}, and does not say clearly whether it still works`,
  gone: (account) => `the configuration has no account ${account} any more`,
};

/** Logs once that an account is held, once more if the cause becomes clear, and once that it goes on. */
export function createCredentialAlarms(
  log: Log,
): (account: string, state: CredentialState, cause: RefusalCause | null) => void {
  const told = new Map<string, RefusalCause>();

  return (account, state, cause) => {
    const before = told.get(account);
    if (state === 'ok' && told.delete(account)) log.info({ account }, 'the account sends again');
    if (cause === null || cause === before || (cause === 'undecided' && before === 'refused')) return;
    told.set(account, cause);
    const tell = cause === 'gone' ? log.warn : log.error;
    tell({ account, cause }, `${refusalReasons[cause](account)}: its messages wait`);
  };
}

export interface ExpiryLogOptions {
  readonly accounts: () => readonly { readonly name: string; expiresAt(): number | null }[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Logs a warning for each key that ends soon, now and once a day. The returned function ends that. */
export function logExpiries({ accounts, clock, log }: ExpiryLogOptions): () => void {
  let cancel = () => {};
  const look = () => {
    cancel = clock.schedule(DAY_MS, look);
    for (const { name, expiresAt } of accounts()) {
      const endsAt = expiresAt();
      const warning = expiryWarning(name, endsAt, clock.now());
      if (warning === null || endsAt === null) continue;
      log.warn({ account: name, endsAt: new Date(endsAt).toISOString() }, warning);
    }
  };
  look();
  return () => cancel();
}
