import type { MessageRow } from '../message-row.ts';
import type { TakeRequest } from '../requests.ts';
import type { Sql } from './database.ts';
import { judged } from './fragments.ts';
import { isOf, mayGo, ORDER, READY, SCHEDULED } from './queue.ts';
import { decodeRow, type MessageRecord, selected } from './rows.ts';

// Messages that were ready when they were accepted, and those that had to wait first, are found by an index each, so that
// neither search passes over what cannot go. SKIP LOCKED lets other processes take the next ones meanwhile.
//
// What was scheduled has no index by acceptance: what is due changes with time. Of the messages of a flow that have
// been due for longest, the oldest go; how many are looked at leaves enough for several processes at once. They are
// looked at without a lock, and judged again under one.
const takeStatement = `
  WITH chosen AS (
    SELECT p.pick, found.id
    FROM unnest($4::text[], $5::text[], $6::bigint[], $7::text[]) WITH ORDINALITY AS given(lane, caller, most, before, pick)
    CROSS JOIN LATERAL (SELECT $1::text AS account, given.*) AS p
    CROSS JOIN LATERAL (
      SELECT id FROM (
        SELECT id FROM (
          SELECT m.id FROM commbox_gateway.messages m
          WHERE ${READY} AND ${isOf('p')} AND ${mayGo('$2')} AND ${ORDER} < p.before
          ORDER BY ${ORDER} LIMIT p.most FOR UPDATE SKIP LOCKED
        ) AS ready
        UNION ALL
        SELECT id FROM (
          SELECT own.id FROM (
            SELECT m.id FROM commbox_gateway.messages m
            WHERE ${SCHEDULED} AND ${isOf('p')} AND ${mayGo('$2')}
            ORDER BY m.ready_at, m.id LIMIT 64 + 4 * p.most
          ) AS due JOIN commbox_gateway.messages own ON own.id = due.id
          WHERE due.id < p.before AND ${judged("own.state = 'queued' AND own.ready_at <= $2")}
          ORDER BY due.id LIMIT p.most FOR UPDATE OF own SKIP LOCKED
        ) AS due
      ) AS candidates ORDER BY id LIMIT p.most
    ) AS found
  )
  UPDATE commbox_gateway.messages m SET state = 'sending', lease = $3, taken_at = $2, is_scheduled = false
  FROM chosen
  WHERE m.id = chosen.id AND EXISTS (SELECT FROM commbox_gateway.replicas WHERE lease = $3)
  RETURNING ${selected()}, chosen.pick`;

// Sorts after every id. A bound that is always there ends the search in the index; "no bound, or below it" would not.
const AFTER_ALL = '\u{10ffff}';

const beginStatement = `
  UPDATE commbox_gateway.messages SET state = 'sending', taken_at = $3
  WHERE id = $1 AND ${judged("state = 'queued' AND mode = 'sync' AND lease = $2")}
  RETURNING id`;

const undoStatement = `
  UPDATE commbox_gateway.messages m SET state = 'queued', lease = NULL
  WHERE lease = $3 AND ${judged("m.state = 'sending' AND m.mode = 'async' AND m.account = $1 AND m.taken_at = $2")}
  RETURNING id`;

/** Moves ready messages to `sending` under a lease, pick by pick, oldest first. None if the lease is gone. */
export async function takeMessages(sql: Sql, request: TakeRequest, lease: string): Promise<readonly MessageRow[]> {
  const { account, now, picks } = request;
  if (picks.length === 0) return [];
  const values = [
    ...[account, now, lease],
    picks.map(({ lane }) => lane),
    picks.map(({ caller }) => caller),
    picks.map(({ limit }) => limit),
    picks.map(({ before = AFTER_ALL }) => before),
  ];
  const records = await sql.query<MessageRecord & { pick: number }>(takeStatement, values, 'take-messages');
  return records.sort((one, other) => one.pick - other.pick || (one.id < other.id ? -1 : 1)).map(decodeRow);
}

/** Moves back what a take at this time moved under the lease. */
export async function undoTake(sql: Sql, account: string, takenAt: number, lease: string): Promise<number> {
  return (await sql.query(undoStatement, [account, takenAt, lease], 'undo-take')).length;
}

/** Moves one queued `sync` message of the lease to `sending`. */
export async function beginMessage(sql: Sql, id: string, lease: string, now: number): Promise<boolean> {
  return (await sql.query(beginStatement, [id, lease, now], 'begin-message')).length === 1;
}
