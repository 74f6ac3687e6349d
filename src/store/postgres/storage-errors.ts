import { StorageUnavailable } from '../errors.ts';

// SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
const SQLSTATE = /^[0-9A-Z]{5}$/;
const ROLLED_BACK_FOR_ANOTHER = new Set(['40001', '40P01']);
const DATA_FAULT = /^2[23]/;
// The server answers, yet this session will not: it was ended, it idled in a transaction, or a failover left it on a standby.
const SESSION_LOST = /^(08|57P|25006|25P03)/;
const SYSTEM_ERROR = /^E[A-Z0-9_]+$/;

/** The SQLSTATE of an error of PostgreSQL; null for everything else, e.g. a broken connection. */
export function sqlState(error: unknown): string | null {
  const code = codeOf(error);
  return code !== null && SQLSTATE.test(code) && !SYSTEM_ERROR.test(code) ? code : null;
}

/** Whether the server has surely undone the transaction in favour of another one, so that a repeat is safe. */
export function wasRolledBack(error: unknown): boolean {
  return ROLLED_BACK_FOR_ANOTHER.has(sqlState(error) ?? '');
}

/** Whether the connection that gave this error must not be used again. */
export function losesConnection(error: unknown): boolean {
  const state = sqlState(error);
  return state === null || SESSION_LOST.test(state);
}

/** Whether PostgreSQL refused a value, so that others that were sent together with it may still be accepted. */
export function blamesData(error: unknown): boolean {
  const { cause } = error instanceof StorageUnavailable ? error : { cause: error };
  return DATA_FAULT.test(sqlState(cause) ?? '');
}

/**
 * The error that callers of the store see. Of the original only its code survives: PostgreSQL quotes rows in `detail`,
 * and Node puts the whole URL of the database, password included, into the error of one that it cannot read. A bug of
 * ours stays what it is.
 */
export function storageUnavailable(error: unknown): Error {
  if (error instanceof StorageUnavailable) return error;
  const code = codeOf(error);
  if (code === null && error instanceof Error && error.constructor !== Error) return error;
  const cause = Object.assign(new Error('the store failed'), { code: code ?? 'CONNECTION_LOST' });
  return new StorageUnavailable(`the store cannot be used now (${cause.code})`, { cause });
}

function codeOf(error: unknown): string | null {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : null;
}
