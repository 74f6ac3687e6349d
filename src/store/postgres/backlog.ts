import type { Clock } from '../../kernel/clock.ts';
import type { FlowBacklog } from '../flows.ts';
import type { Database } from './database.ts';
import { READY, SCHEDULED } from './queue.ts';

// Each part is counted in an index that holds all that is asked for.
const countStatement = `
  SELECT account, lane, caller, sum(queued)::bigint AS queued, sum(due)::bigint AS due,
    min(first_due_at) AS "firstDueAt"
  FROM (${[READY, SCHEDULED]
    .map(
      (condition) => `
    SELECT m.account, m.lane, m.caller, count(*) AS queued, count(*) FILTER (WHERE m.ready_at <= $1) AS due,
      min(m.ready_at) AS first_due_at
    FROM commbox_gateway.messages m WHERE ${condition} GROUP BY m.account, m.lane, m.caller`,
    )
    .join(' UNION ALL ')}
  ) AS parts GROUP BY account, lane, caller`;

const COUNT_LASTS_MS = 1_000;
// A count that took longer is repeated so seldom that it uses a twentieth of the time, and nobody waits for it.
const QUICK_MS = 50;
const SHARE = 20;

/** What waits in every flow: counted afresh each second, or, when it is very much, so often as is reasonable. */
export interface Backlog {
  flows(): Promise<readonly FlowBacklog[]>;
  /** When the count that `flows` told last was begun (monotonic milliseconds). */
  countedAt(): number;
}

export function createBacklog(database: Database, clock: Clock): Backlog {
  let startedAt = Number.NEGATIVE_INFINITY;
  let tookMs = 0;
  let countedAt = Number.NEGATIVE_INFINITY;
  let latest: readonly FlowBacklog[] | null = null;
  let counting: Promise<readonly FlowBacklog[]> = Promise.resolve([]);

  async function count(): Promise<readonly FlowBacklog[]> {
    const begunAt = startedAt;
    try {
      const flows = await database.query<FlowBacklog & Record<string, unknown>>(countStatement, [
        Math.ceil(clock.now()),
      ]);
      tookMs = clock.monotonic() - startedAt;
      latest = flows;
      countedAt = begunAt;
      return flows;
    } catch (error) {
      // What failed is not worth remembering for a second.
      startedAt = Number.NEGATIVE_INFINITY;
      latest = null;
      throw error;
    }
  }

  return {
    flows() {
      const now = clock.monotonic();
      if (now - startedAt >= Math.max(COUNT_LASTS_MS, tookMs * SHARE)) {
        startedAt = now;
        counting = count();
        counting.catch(() => undefined);
      }
      return latest !== null && tookMs > QUICK_MS ? Promise.resolve(latest) : counting;
    },
    countedAt: () => countedAt,
  };
}

// In the collation of the index of states: the others lead to it through all messages before PostgreSQL 18.
const unknownStatement = `
  SELECT count(*) AS messages FROM commbox_gateway.messages WHERE state COLLATE "POSIX" = 'unknown'`;

/** How many messages are `unknown`. */
export async function countUnknown(database: Database): Promise<number> {
  const [row] = await database.query<{ messages: number }>(unknownStatement);
  return row?.messages ?? 0;
}
