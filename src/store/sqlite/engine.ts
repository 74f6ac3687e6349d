import { randomBytes } from 'node:crypto';
import type { StoreContext } from './context.ts';
import type { Database } from './database.ts';
import { describeFailure, type Failure } from './failures.ts';
import { beginLease } from './lease.ts';
import { createOperations, type OperationName, readOperations } from './operations.ts';

/** One operation by name, as it crosses between threads. */
export interface Call {
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

export type CallResult = { readonly value: unknown } | { readonly failure: Failure };

/** Runs operations on the database, synchronously: on a thread of its own, or in a test. */
export interface Engine {
  /**
   * Runs all calls in one transaction that is on disk when this returns. Each has its own result: one that fails takes
   * nothing of the others with it. Never throws.
   */
  run(calls: readonly Call[]): readonly CallResult[];
  /** Whether content was erased since the last `truncateLog`: until then the log on disk may still hold it. */
  readonly needsTruncation: boolean;
  /** Moves the write-ahead log into the database and cuts it to nothing. False if a reader elsewhere prevented it. */
  truncateLog(): boolean;
  close(): void;
}

export interface EngineOptions {
  /** Closed with the engine. */
  readonly database: Database;
  /** What an operator knows the database by, for messages. */
  readonly place: string;
  readonly owner: string;
  readonly spoolDirectory: string;
  readonly openedAt: number;
}

const MAKE_SECRET = `INSERT INTO meta (name, value) VALUES ('secret', :secret) ON CONFLICT (name) DO NOTHING`;

/** Begins the lease of this process, and the installation's secret if there is none yet. Throws what SQLite throws. */
export function createEngine({ database, place, owner, spoolDirectory, openedAt }: EngineOptions): Engine {
  let needsTruncation = false;
  const lease = inTransaction(database, () => {
    database.run(MAKE_SECRET, { secret: randomBytes(32) });
    return beginLease(database, owner, openedAt);
  });
  const context: StoreContext = {
    database,
    lease,
    spoolDirectory,
    erased() {
      needsTruncation = true;
    },
  };
  const operations = createOperations(context) as Record<OperationName, (...args: readonly unknown[]) => unknown>;

  const failed = (error: unknown): CallResult => ({ failure: describeFailure(error, place) });
  const isRead = ({ name }: Call) => readOperations.has(name);
  const attempt = ({ name, args }: Call): CallResult => {
    try {
      return { value: operations[name](...args) };
    } catch (error) {
      return failed(error);
    }
  };
  const inSavepoint = (call: Call): CallResult => {
    database.run('SAVEPOINT call');
    const result = attempt(call);
    if (!database.isTransaction) return result;
    if ('failure' in result) database.run('ROLLBACK TO call');
    database.run('RELEASE call');
    return result;
  };
  /** When nothing could be written: what only reads is answered all the same. */
  const refuseWrites = (calls: readonly Call[], error: unknown) =>
    calls.map((call) => (isRead(call) ? attempt(call) : failed(error)));

  const run = (calls: readonly Call[]): readonly CallResult[] => {
    if (calls.every(isRead)) return calls.map(attempt);
    const results: CallResult[] = [];
    try {
      database.run('BEGIN IMMEDIATE');
      for (const call of calls) {
        const result = isRead(call) ? attempt(call) : inSavepoint(call);
        // A full disk makes SQLite undo the whole transaction: alone, a smaller call may still fit.
        if (!database.isTransaction) return calls.length === 1 ? [result] : calls.flatMap((each) => run([each]));
        results.push(result);
      }
      database.run('COMMIT');
      return results;
    } catch (error) {
      if (database.isTransaction) database.run('ROLLBACK');
      return refuseWrites(calls, error);
    }
  };

  return {
    run,
    get needsTruncation() {
      return needsTruncation;
    },
    truncateLog() {
      const isBusy = database.one('PRAGMA wal_checkpoint(TRUNCATE)')?.['busy'] !== 0;
      if (!isBusy) needsTruncation = false;
      return !isBusy;
    },
    close: () => database.close(),
  };
}

function inTransaction<T>(database: Database, work: () => T): T {
  database.run('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.run('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.run('ROLLBACK');
    throw error;
  }
}
