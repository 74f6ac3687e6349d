import { randomBytes } from 'node:crypto';
import type { Call, CallResult } from './call.ts';
import { createCommitted, type RunCommitted } from './committed.ts';
import type { StoreContext } from './context.ts';
import type { Database } from './database.ts';
import { describeFailure } from './failures.ts';
import { beginLease } from './lease.ts';
import { createOperations, type OperationName } from './operations.ts';

/** Runs operations on the database, synchronously: on a thread of its own, or in a test. */
export interface Engine {
  readonly run: RunCommitted;
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
  const attempt = ({ name, args }: Call): CallResult => {
    try {
      return { value: operations[name](...args) };
    } catch (error) {
      return failed(error);
    }
  };

  return {
    run: createCommitted({ database, attempt, failed }),
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
