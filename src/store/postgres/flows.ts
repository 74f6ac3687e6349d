import type { Flow } from '../flows.ts';
import type { Sql } from './database.ts';
import { judged } from './fragments.ts';
import { isOf, mayGo, ORDER, READY, SCHEDULED } from './queue.ts';

// PostgreSQL has no index scan that jumps from one flow to the next; the recursion does that by hand, so that the cost
// depends on the number of flows and not on that of their messages.
const flowsOf = (name: string, condition: string) => `
  ${name} AS (
    (SELECT m.account, m.lane, m.caller FROM commbox_gateway.messages m
      WHERE ${condition} ORDER BY m.account, m.lane, m.caller LIMIT 1)
    UNION ALL
    SELECT next.account, next.lane, next.caller FROM ${name} f CROSS JOIN LATERAL (
      SELECT m.account, m.lane, m.caller FROM commbox_gateway.messages m
      WHERE ${condition} AND (m.account, m.lane, m.caller) > (f.account, f.lane, f.caller)
      ORDER BY m.account, m.lane, m.caller LIMIT 1
    ) AS next
  )`;

const readyStatement = `
  WITH RECURSIVE ${flowsOf('ready', READY)}, ${flowsOf('scheduled', SCHEDULED)}
  SELECT f.account, f.lane, f.caller FROM ready f CROSS JOIN LATERAL (
    SELECT FROM commbox_gateway.messages m
    WHERE ${READY} AND ${isOf('f')} AND ${mayGo('$1')} ORDER BY ${ORDER} LIMIT 1
  ) AS found
  UNION
  SELECT f.account, f.lane, f.caller FROM scheduled f CROSS JOIN LATERAL (
    SELECT FROM commbox_gateway.messages m
    WHERE ${SCHEDULED} AND ${isOf('f')} AND ${mayGo('$1')} ORDER BY m.ready_at, m.id LIMIT 1
  ) AS found`;

// Of the messages that were scheduled, those that are due go in the order in which they became so; as many of them are
// looked at as may be counted.
const positionStatement = `
  SELECT (
    SELECT count(*) FROM (
      SELECT FROM commbox_gateway.messages m
      WHERE ${READY} AND ${isOf('own')} AND ${mayGo('$3')} AND ${ORDER} < own.id ORDER BY ${ORDER} LIMIT $2
    ) AS before
  ) + (
    SELECT count(*) FROM (
      SELECT m.id FROM commbox_gateway.messages m
      WHERE ${SCHEDULED} AND ${isOf('own')} AND ${mayGo('$3')} ORDER BY m.ready_at, m.id LIMIT $2
    ) AS due WHERE due.id < own.id
  ) AS ahead
  FROM commbox_gateway.messages own
  WHERE own.id = $1 AND ${judged("own.state = 'queued' AND own.mode = 'async'")}`;

/** The flows from which `take` would give something. */
export async function findReadyFlows(sql: Sql, now: number): Promise<readonly Flow[]> {
  return sql.query<Flow & Record<string, unknown>>(readyStatement, [now], 'ready-flows');
}

/** How many ready messages of its flow go before this one, up to `cap`; 0 for what does not wait. */
export async function findPosition(sql: Sql, id: string, cap: number, now: number): Promise<number> {
  const [row] = await sql.query<{ ahead: number }>(positionStatement, [id, cap, now], 'find-position');
  return Math.min(row?.ahead ?? 0, cap);
}
