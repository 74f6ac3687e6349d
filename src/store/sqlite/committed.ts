import type { Call, CallResult } from './call.ts';
import type { Database } from './database.ts';
import { readOperations, singleOperations } from './operations.ts';

export interface CommittedOptions {
  readonly database: Database;
  /** Runs one call. Never throws. */
  readonly attempt: (call: Call) => CallResult;
  /** The result of a call that could not be written. */
  readonly failed: (error: unknown) => CallResult;
}

/**
 * Runs all calls in one transaction that is on disk when it returns. Each has its own result: one that fails takes
 * nothing of the others with it. Never throws.
 */
export type RunCommitted = (calls: readonly Call[]) => readonly CallResult[];

export function createCommitted({ database, attempt, failed }: CommittedOptions): RunCommitted {
  const isRead = ({ name }: Call) => readOperations.has(name);

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

  /** Ends the transaction of its own, with the results of all calls, or null if it has to be done in another way. */
  const inTransaction = (
    calls: readonly Call[],
    step: (call: Call) => CallResult,
    isOver: (result: CallResult, call: Call) => boolean,
  ): readonly CallResult[] | null => {
    const results: CallResult[] = [];
    database.run('BEGIN IMMEDIATE');
    for (const call of calls) {
      const result = isRead(call) ? attempt(call) : step(call);
      if (isOver(result, call)) {
        if (database.isTransaction) database.run('ROLLBACK');
        // Alone, nothing but itself was undone.
        return calls.length === 1 ? [result] : null;
      }
      results.push(result);
    }
    database.run('COMMIT');
    return results;
  };

  const guarded = (calls: readonly Call[], work: () => readonly CallResult[]): readonly CallResult[] => {
    try {
      return work();
    } catch (error) {
      if (database.isTransaction) database.run('ROLLBACK');
      return refuseWrites(calls, error);
    }
  };

  // A full disk makes SQLite undo the whole transaction: alone, a smaller call may still fit.
  const apart = (calls: readonly Call[]) =>
    guarded(
      calls,
      () => inTransaction(calls, inSavepoint, () => !database.isTransaction) ?? calls.flatMap((each) => run([each])),
    );

  // A savepoint for each costs about as much as a small call, and hardly ever is there anything to take back.
  const together = (calls: readonly Call[]) =>
    guarded(
      calls,
      () => inTransaction(calls, attempt, (result, call) => 'failure' in result && !isRead(call)) ?? apart(calls),
    );

  const run: RunCommitted = (calls) => {
    if (calls.every(isRead)) return calls.map(attempt);
    const mayRepeat = calls.length === 1 || !calls.some(({ name }) => singleOperations.has(name));
    return mayRepeat ? together(calls) : apart(calls);
  };
  return run;
}
