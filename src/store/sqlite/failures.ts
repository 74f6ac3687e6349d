import { StorageUnavailable } from '../errors.ts';
import { SchemaTooNew } from '../migrations.ts';

/** An error as it crosses from the store's thread: without content, with what the log needs. */
export interface Failure {
  readonly kind: 'unavailable' | 'too_new' | 'fault';
  readonly message: string;
  /** SQLite's extended result code (https://sqlite.org/rescode.html), if it came from there. */
  readonly code: number | null;
}

// Primary result codes that tell of the disk, the file or a rival process; all others are faults of this program.
const conditions: Readonly<Record<number, string>> = {
  3: 'access was denied',
  5: 'another process is using it',
  6: 'another connection is using it',
  7: 'memory is exhausted',
  8: 'it is read-only',
  9: 'the operation was interrupted',
  10: 'reading or writing failed',
  11: 'it is damaged; restore it from a backup',
  13: 'the disk is full',
  14: 'it cannot be opened',
  15: 'its lock cannot be had',
  17: 'its schema changed meanwhile',
  22: 'the file system cannot hold files of this size',
  23: 'access was refused',
  26: 'it is not an SQLite database',
};

/** Puts an error into words for an operator. `place` is the database's file. Never repeats a bound value. */
export function describeFailure(error: unknown, place: string): Failure {
  if (error instanceof SchemaTooNew) return { kind: 'too_new', message: error.message, code: null };
  const code = sqliteCode(error);
  const condition = code === null ? undefined : conditions[code & 0xff];
  if (condition !== undefined) return { kind: 'unavailable', message: `the database ${place}: ${condition}`, code };
  return { kind: 'fault', message: error instanceof Error ? error.message : 'unknown error', code };
}

function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null;
}

/** The error for whoever called the store. */
export function toError(failure: Failure): Error {
  const { kind, message, code } = failure;
  const cause = code === null ? undefined : new Error(`SQLite result code ${code}`);
  switch (kind) {
    case 'unavailable':
      return new StorageUnavailable(message, { cause });
    case 'too_new':
      return new SchemaTooNew(message);
    case 'fault':
      return new Error(message, { cause });
  }
}

export const closed: Failure = { kind: 'unavailable', message: 'the store is closed', code: null };
