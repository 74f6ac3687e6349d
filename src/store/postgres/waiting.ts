import type { Clock } from '../../kernel/clock.ts';
import type { Database, Sql } from './database.ts';

// PostgreSQL has no index scan that jumps from one account to the next; the recursion does that by hand, so that the cost
// depends on the number of accounts and not on that of their messages.
const accountsOf = (name: string, condition: string) => `
  ${name} AS (
    SELECT min(m.account) AS account FROM commbox_gateway.messages m WHERE ${condition}
    UNION ALL
    SELECT (SELECT min(m.account) FROM commbox_gateway.messages m WHERE ${condition} AND m.account > a.account)
    FROM ${name} a WHERE a.account IS NOT NULL
  )`;

const READY = `m.state = 'queued' AND m.mode = 'async' AND NOT m.is_scheduled`;
const SCHEDULED = `m.state = 'queued' AND m.mode = 'async' AND m.is_scheduled`;

const waitingStatement = `
  WITH RECURSIVE ${accountsOf('ready_accounts', READY)}, ${accountsOf('due_accounts', SCHEDULED)}
  SELECT a.account, (
    SELECT count(*) FROM (
      (SELECT 1 FROM commbox_gateway.messages m
        WHERE ${READY} AND m.account = a.account AND ready_at <= $1 AND (expires_at IS NULL OR expires_at > $1)
        ORDER BY m.id COLLATE "POSIX" LIMIT $2)
      UNION ALL
      (SELECT 1 FROM commbox_gateway.messages m
        WHERE ${SCHEDULED} AND m.account = a.account AND ready_at <= $1 AND (expires_at IS NULL OR expires_at > $1)
        ORDER BY m.ready_at, m.id LIMIT $2)
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
  SELECT count(*) AS ahead
  FROM commbox_gateway.messages own CROSS JOIN LATERAL (
    SELECT 1 FROM commbox_gateway.messages m
    WHERE ${READY} AND m.account = own.account AND m.id COLLATE "POSIX" < own.id
    ORDER BY m.id COLLATE "POSIX" LIMIT $2
  ) AS before
  WHERE own.id = $1 AND own.state = 'queued' AND own.mode = 'async'`;

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
// A count that took longer is repeated so seldom that it uses a twentieth of the time, and nobody waits for it.
const QUICK_MS = 50;
const SHARE = 20;

/** The number of queued messages: counted afresh each second, or, when there are very many, so often as is reasonable. */
export function createQueuedCount(database: Database, clock: Clock): () => Promise<number> {
  let startedAt = Number.NEGATIVE_INFINITY;
  let tookMs = 0;
  let latest: number | null = null;
  let counting: Promise<number> = Promise.resolve(0);

  async function count(): Promise<number> {
    try {
      const [row] = await database.query<{ messages: number }>(countStatement);
      tookMs = clock.monotonic() - startedAt;
      latest = row?.messages ?? 0;
      return latest;
    } catch (error) {
      // What failed is not worth remembering for a second.
      startedAt = Number.NEGATIVE_INFINITY;
      latest = null;
      throw error;
    }
  }

  return () => {
    const now = clock.monotonic();
    if (now - startedAt >= Math.max(COUNT_LASTS_MS, tookMs * SHARE)) {
      startedAt = now;
      counting = count();
      counting.catch(() => undefined);
    }
    return latest !== null && tookMs > QUICK_MS ? Promise.resolve(latest) : counting;
  };
}
