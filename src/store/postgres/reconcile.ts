import type { MessageRow } from '../message-row.ts';
import type { LookupTurn } from '../requests.ts';
import type { Sql } from './database.ts';
import { decodeRow, type MessageRecord, selected } from './rows.ts';

// Doubled no further than numbers reach; the longest time between two is far below that.
const takeStatement = `
  WITH due AS (
    SELECT id FROM commbox_gateway.messages
    WHERE account = $1 AND state = 'unknown' AND NOT was_reconciled AND coalesce(lookup_from, ended_at) <= $2::bigint
    ORDER BY coalesce(lookup_from, ended_at) LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  UPDATE commbox_gateway.messages m SET
    lookups = m.lookups + 1,
    lookup_from = $2::bigint + least($3::bigint << least(m.lookups, 20), $4::bigint),
    was_reconciled = m.lookups + 1 >= $5
  FROM due WHERE m.id = due.id
  RETURNING ${selected()}`;

const reconciledStatement = 'UPDATE commbox_gateway.messages SET was_reconciled = true WHERE id = $1';

/** The message that is to be looked for next, noted as such; null if none is due. */
export async function takeUnreconciledMessage(sql: Sql, turn: LookupTurn): Promise<MessageRow | null> {
  const { account, now, afterMs, mostMs, times } = turn;
  const values = [account, Math.floor(now) - afterMs, afterMs, mostMs, times];
  const [record] = await sql.query<MessageRecord>(takeStatement, values);
  return record === undefined ? null : decodeRow(record);
}

/** Notes that nothing more is to be looked for. */
export async function markReconciled(sql: Sql, id: string): Promise<void> {
  await sql.query(reconciledStatement, [id]);
}
