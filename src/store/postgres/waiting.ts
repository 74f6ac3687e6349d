import type { Clock } from '../../kernel/clock.ts';
import type { Database, Sql } from './database.ts';

// PostgreSQL has no index scan that jumps from one account to the next; the recursion does that by hand, so that the cost
// depends on the number of accounts and not on that of their messages.
const accountsOf = (name: string, condition: string) => `
  ${name} AS (
    SELECT min(account) AS account FROM commbox_gateway.messages WHERE ${condition}
    UNION ALL
    SELECT (SELECT min(m.account) FROM commbox_gateway.messages m WHERE ${condition} AND m.account > a.account)
    FROM ${name} a WHERE a.account IS NOT NULL
  )`;

const READY = `state = 'queued' AND mode = 'async' AND NOT is_scheduled`;
const SCHEDULED = `state = 'queued' AND mode = 'async' AND is_scheduled`;

const waitingStatement = `
  WITH RECURSIVE ${accountsOf('ready_accounts', READY)}, ${accountsOf('due_accounts', SCHEDULED)}
  SELECT a.account, (
    SELECT count(*) FROM (
      (SELECT 1 FROM commbox_gateway.messages m
        WHERE ${READY} AND m.account = a.account AND ready_at <= $1 AND (expires_at IS NULL OR expires_at > $1) LIMIT $2)
      UNION ALL
      (SELECT 1 FROM commbox_gateway.messages m
        WHERE ${SCHEDULED} AND m.account = a.account AND ready_at <= $1 AND (expires_at IS NULL OR expires_at > $1) LIMIT $2)
    ) AS found
  ) AS messages
  FROM (SELECT account FROM ready_accounts UNION SELECT account FROM due_accounts) AS a
  WHERE a.account IS NOT NULL`;

const nextReadyStatement = `
  WITH RECURSIVE ${accountsOf('due_accounts', SCHEDULED)}
  SELECT min((
    SELECT min(m.ready_at) FROM commbox_gateway.messages m
    WHERE ${SCHEDULED} AND m.account = a.account AND m.ready_at > $1
  )) AS ready_at
  FROM due_accounts a`;

const positionStatement = `
  SELECT count(*) AS ahead FROM (
    SELECT 1
    FROM (SELECT id, account FROM commbox_gateway.messages WHERE id = $1 AND state = 'queued' AND mode = 'async') AS own
    JOIN commbox_gateway.messages m ON m.account = own.account AND m.id < own.id
    WHERE m.state = 'queued' AND m.mode = 'async' AND NOT m.is_scheduled
    LIMIT $2
  ) AS before`;

const countStatement = "SELECT count(*) AS messages FROM commbox_gateway.messages WHERE state = 'queued'";

/** Per account, how many messages `take` would give now, up to `cap`. */
export async function countWaiting(sql: Sql, now: number, cap: number): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.query<{ account: string; messages: number }>(waitingStatement, [now, cap]);
  const found = rows.filter(({ messages }) => messages > 0);
  return new Map(found.map(({ account, messages }) => [account, Math.min(messages, cap)]));
}

/** When the next message that had to wait becomes ready, after `now`. */
export async function findNextReadyAt(sql: Sql, now: number): Promise<number | null> {
  const [row] = await sql.query<{ ready_at: number | null }>(nextReadyStatement, [now]);
  return row?.ready_at ?? null;
}

/** How many messages of the account are before this one, up to `cap`; those that wait for their time do not count. */
export async function findPosition(sql: Sql, id: string, cap: number): Promise<number> {
  const [row] = await sql.query<{ ahead: number }>(positionStatement, [id, cap]);
  return row?.ahead ?? 0;
}

const COUNT_LASTS_MS = 1_000;

/** The number of queued messages, counted at most once a second however often it is asked for. */
export function createQueuedCount(database: Database, clock: Clock): () => Promise<number> {
  let countedAt = Number.NEGATIVE_INFINITY;
  let counting: Promise<number> = Promise.resolve(0);

  const count = async () => {
    const [row] = await database.query<{ messages: number }>(countStatement, []);
    return row?.messages ?? 0;
  };

  return () => {
    const now = clock.monotonic();
    if (now - countedAt >= COUNT_LASTS_MS) {
      countedAt = now;
      counting = count().catch((error) => {
        // What failed is not worth remembering for a second.
        countedAt = Number.NEGATIVE_INFINITY;
        throw error;
      });
    }
    return counting;
  };
}
