import type { Clock } from '../../kernel/clock.ts';
import type { FlowBacklog } from '../flows.ts';
import type { Database } from './database.ts';
import { READY, SCHEDULED } from './queue.ts';

// Each part is counted in an index that holds all that is asked for. A `sync` message has a lease while it is queued.
const SYNC = `m.state = 'queued' AND m.mode = 'sync' AND m.lease IS NOT NULL`;
const countStatement = `
  SELECT account, lane, caller, sum(queued)::bigint AS queued, min(oldest_at) AS oldest_at
  FROM (${[READY, SCHEDULED, SYNC]
    .map(
      (condition) => `
    SELECT m.account, m.lane, m.caller, count(*) AS queued, min(m.created_at) AS oldest_at
    FROM commbox_gateway.messages m WHERE ${condition} GROUP BY m.account, m.lane, m.caller`,
    )
    .join(' UNION ALL ')}
  ) AS parts GROUP BY account, lane, caller`;

const COUNT_LASTS_MS = 1_000;
// A count that took longer is repeated so seldom that it uses a twentieth of the time, and nobody waits for it.
const QUICK_MS = 50;
const SHARE = 20;

interface FlowRecord extends Omit<FlowBacklog, 'oldestAt'> {
  readonly oldest_at: number;
  readonly [column: string]: unknown;
}

/** What waits in every flow: counted afresh each second, or, when it is very much, so often as is reasonable. */
export function createBacklog(database: Database, clock: Clock): () => Promise<readonly FlowBacklog[]> {
  let startedAt = Number.NEGATIVE_INFINITY;
  let tookMs = 0;
  let latest: readonly FlowBacklog[] | null = null;
  let counting: Promise<readonly FlowBacklog[]> = Promise.resolve([]);

  async function count(): Promise<readonly FlowBacklog[]> {
    try {
      const rows = await database.query<FlowRecord>(countStatement);
      tookMs = clock.monotonic() - startedAt;
      latest = rows.map(({ account, lane, caller, queued, oldest_at }) => ({
        ...{ account, lane, caller },
        ...{ queued, oldestAt: oldest_at },
      }));
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

const unknownStatement = `SELECT count(*) AS messages FROM commbox_gateway.messages WHERE state = 'unknown' AND state <> 'sent'`;

/** How many messages are `unknown`. */
export async function countUnknown(database: Database): Promise<number> {
  const [row] = await database.query<{ messages: number }>(unknownStatement);
  return row?.messages ?? 0;
}
