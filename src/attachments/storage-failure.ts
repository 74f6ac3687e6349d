import { GatewayError } from '../kernel/errors.ts';

// A full disk is freed by messages that leave or by an operator: neither happens within a second or two.
const RETRY_AFTER_MS = 10_000;

/**
 * Runs one operation on the spool's disk and turns any failure into a 503 `storage_unavailable`. Every system error
 * counts, not a list of codes: ENOSPC and EIO have names in Node, EDQUOT (a used-up quota) reaches it as `UNKNOWN`.
 */
export async function onDisk<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw new GatewayError('storage_unavailable', 'the gateway cannot store attachments at the moment', {
      retryAfterMs: RETRY_AFTER_MS,
      cause,
    });
  }
}
