import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../observability/log.ts';
import type { AccountConfig } from './accounts.ts';
import type { Secret } from './secret.ts';

/**
 * How often key files are read. A watch on the file would miss Kubernetes' way of swapping a link; twice a second, so
 * that a change and the question to CommBox about it together stay within a second.
 */
export const KEY_POLL_MS = 500;

type WatchedAccount = Pick<AccountConfig, 'name' | 'key' | 'nextKey'>;

/** Keeps the keys of accounts as their files have them. */
export interface KeyWatch {
  /** Begins to read the files again and again. */
  start(): void;
  /** Reads the key files of one account now, beside the regular reading. Resolves once its keys are those of the files. */
  refresh(account: WatchedAccount): Promise<void>;
  /** Reads all files now. */
  refreshAll(): Promise<void>;
  stop(): void;
}

export interface KeyWatchOptions {
  /** The accounts of this moment; those without key files cost nothing. */
  readonly accounts: () => readonly WatchedAccount[];
  readonly clock: Clock;
  readonly log: Log;
  /** A key of the account was replaced. */
  readonly onChange: (account: string) => void;
}

/**
 * A file that is missing, empty or not a key leaves the key as it is, and is logged once until the problem changes.
 * No line ever holds what stands in a file.
 */
export function createKeyWatch({ accounts, clock, log, onChange }: KeyWatchOptions): KeyWatch {
  const told = new WeakMap<Secret, string>();
  let cancel: (() => void) | null = null;
  let isStopped = false;

  const refreshSecret = async (account: string, which: 'key' | 'nextKey', secret: Secret): Promise<boolean> => {
    const result = await secret.refresh();
    const problem = secret.problem();
    if (problem !== null && problem !== told.get(secret)) {
      told.set(secret, problem);
      log.warn({ account, which, problem }, 'the key file cannot be used; the key stays as it is');
    } else if (problem === null && told.delete(secret)) {
      log.info({ account, which }, 'the key file can be used again');
    }
    if (result === 'changed') log.info({ account, which }, 'the key was replaced');
    return result === 'changed';
  };

  const refresh = async ({ name, key, nextKey }: WatchedAccount): Promise<void> => {
    const reading = [refreshSecret(name, 'key', key)];
    if (nextKey !== null) reading.push(refreshSecret(name, 'nextKey', nextKey));
    const changes = await Promise.all(reading);
    if (changes.includes(true)) onChange(name);
  };

  const refreshAll = async (): Promise<void> => {
    const withFiles = accounts().filter(({ key, nextKey }) => key.file !== null || (nextKey?.file ?? null) !== null);
    await Promise.all(withFiles.map(refresh));
  };

  const poll = () => {
    cancel = clock.schedule(KEY_POLL_MS, () => {
      // The next reading waits for this one: a disk that hangs must not gather them.
      refreshAll().then(() => {
        if (!isStopped) poll();
      });
    });
  };

  return {
    start: poll,
    refresh,
    refreshAll,
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
