import { StorageUnavailable } from '../store/errors.ts';
import { errorFields } from './error-fields.ts';
import type { Log } from './log.ts';

/**
 * Logs that an account's stored messages cannot be read: once for each kind of error until they can be again, which is
 * logged too. `null` is told for the latter. A store that is out of reach is a matter of the store; anything else is a
 * mistake in the gateway.
 */
export function createBacklogAlarms(log: Log): (account: string, error: unknown) => void {
  const told = new Map<string, Set<string>>();

  return (account, error) => {
    const kinds = told.get(account) ?? new Set<string>();
    if (error === null) {
      if (told.delete(account)) log.info({ account }, 'stored messages are read again');
      return;
    }
    const fields = errorFields(error);
    const kind = `${fields.errorName} ${fields.errorCode ?? ''}`;
    if (kinds.has(kind)) return;
    told.set(account, kinds.add(kind));
    const isOutOfReach = error instanceof StorageUnavailable;
    (isOutOfReach ? log.warn : log.error)(
      { account, ...fields },
      `${isOutOfReach ? 'the store is out of reach' : 'stored messages cannot be read'}: those of the account wait`,
    );
  };
}
