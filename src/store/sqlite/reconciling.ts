import type { MessageRow } from '../message-row.ts';
import type { LookupTurn } from '../requests.ts';
import type { StoreContext } from './context.ts';
import { readRow } from './rows.ts';

const DUE = `
  SELECT seq FROM messages INDEXED BY messages_unreconciled
  WHERE account = :account AND state = 'unknown' AND is_reconciled = 0 AND coalesce(lookup_from, ended_at) <= :before
  ORDER BY coalesce(lookup_from, ended_at), seq LIMIT 1`;
// Shifted no further than numbers reach; the longest time between two is far below that.
const TAKE = `
  UPDATE messages SET
    lookups = lookups + 1, lookup_from = :before + min(:afterMs << min(lookups, 20), :mostMs),
    is_reconciled = lookups + 1 >= :times
  WHERE seq = :seq`;
const RECONCILED = 'UPDATE messages SET is_reconciled = 1 WHERE id = :id';

/** Operations for looking up what became of messages. */
export function createReconciling({ database, spoolDirectory }: StoreContext) {
  return {
    takeUnreconciled({ account, now, afterMs, mostMs, times }: LookupTurn): MessageRow | null {
      const before = Math.floor(now) - afterMs;
      const due = database.one(DUE, { account, before });
      if (due === undefined) return null;
      const seq = due['seq'] as number;
      database.run(TAKE, { seq, before, afterMs, mostMs, times });
      return readRow(database, seq, spoolDirectory);
    },
    reconciled: (id: string): void => void database.run(RECONCILED, { id }),
  };
}
