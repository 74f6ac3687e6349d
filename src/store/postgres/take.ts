import type { MessageRow, TakeRequest } from '../store.ts';
import type { Sql } from './database.ts';
import { decodeRow, type MessageRecord, selected } from './rows.ts';

// Messages that were ready when they were queued, and those that had to wait first, are found by an index each, so that
// neither search passes over what cannot go. SKIP LOCKED lets other processes take the next ones meanwhile.
const takeStatement = `
  WITH ready AS (
    SELECT id FROM commbox_gateway.messages
    WHERE state = 'queued' AND mode = 'async' AND NOT is_scheduled AND account = $1
      AND ready_at <= $2 AND (expires_at IS NULL OR expires_at > $2) AND id COLLATE "POSIX" < $4
    ORDER BY id COLLATE "POSIX" LIMIT $3 FOR UPDATE SKIP LOCKED
  ), due AS (
    SELECT id FROM commbox_gateway.messages
    WHERE state = 'queued' AND mode = 'async' AND is_scheduled AND account = $1
      AND ready_at <= $2 AND (expires_at IS NULL OR expires_at > $2) AND id < $4
    ORDER BY ready_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
  ), chosen AS (
    SELECT id FROM (SELECT id FROM ready UNION ALL SELECT id FROM due) AS candidates ORDER BY id LIMIT $3
  )
  UPDATE commbox_gateway.messages m SET state = 'sending', lease = $5, taken_at = $2
  FROM chosen
  WHERE m.id = chosen.id AND EXISTS (SELECT FROM commbox_gateway.replicas WHERE lease = $5)
  RETURNING ${selected()}`;

// Sorts after every id. A bound that is always there ends the search in the index; "no bound, or below it" would not.
const AFTER_ALL = '\u{10ffff}';

const beginStatement = `
  UPDATE commbox_gateway.messages SET state = 'sending', taken_at = $3
  WHERE id = $1 AND state = 'queued' AND mode = 'sync' AND lease = $2
  RETURNING id`;

/** Moves ready messages to `sending` under a lease, oldest first. None if the lease is gone. */
export async function takeMessages(sql: Sql, request: TakeRequest, lease: string): Promise<readonly MessageRow[]> {
  const { account, now, limit, before = AFTER_ALL } = request;
  const records = await sql.query<MessageRecord>(takeStatement, [account, now, limit, before, lease]);
  return records.map(decodeRow).sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** Moves one queued `sync` message of the lease to `sending`. */
export async function beginMessage(sql: Sql, id: string, lease: string, now: number): Promise<boolean> {
  return (await sql.query(beginStatement, [id, lease, now], 'begin-message')).length === 1;
}
