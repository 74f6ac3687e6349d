import type { Lane } from '../../channels/channel.ts';
import type { Flow, FlowBacklog } from '../flows.ts';
import type { StoreContext } from './context.ts';
import type { Cells } from './database.ts';
import { IN_TIME, OF_FLOW } from './taking.ts';

/** Of messages `m`: that they belong to the flow `f`. */
export const OF_THIS_FLOW = 'm.account = f.account AND m.lane = f.lane AND m.caller = f.caller';
const EXISTS_READY = (expiry: string) => `
  EXISTS (
    SELECT 1 FROM messages m INDEXED BY messages_expiring
    WHERE ${OF_THIS_FLOW} AND line = 'ready' AND expires_at ${expiry} AND ready_at <= :now
  )`;
const EXISTS_DUE = `
  EXISTS (SELECT 1 FROM messages m INDEXED BY messages_due WHERE line = 'later' AND ${OF_THIS_FLOW} AND ${IN_TIME})`;
// By expiry, since in the order of acceptance a campaign that has just expired would be read to its end.
const READY_FLOWS = `
  SELECT account, lane, caller FROM flows f
  WHERE queued > 0 AND (${EXISTS_READY('> :now')} OR ${EXISTS_READY('IS NULL')} OR ${EXISTS_DUE})`;
// What has become due joins the ready ones with the next `take`: until then there may be very many, and each second asks.
const MOST_JUST_DUE = 50_000;
const FIRST_OF = (line: 'ready' | 'later') => `(
    SELECT ready_at FROM messages m INDEXED BY messages_due
    WHERE line = '${line}' AND ${OF_THIS_FLOW} ORDER BY ready_at LIMIT 1
  )`;
const BACKLOG = `
  SELECT account, lane, caller, queued, ready + (
    SELECT count(*) FROM (
      SELECT 1 FROM messages m INDEXED BY messages_due
      WHERE line = 'later' AND ${OF_THIS_FLOW} AND ready_at <= :now LIMIT ${MOST_JUST_DUE}
    )
  ) AS due, ${FIRST_OF('ready')} AS first_ready_at, ${FIRST_OF('later')} AS first_later_at
  FROM flows f WHERE queued > 0`;
const COUNT_UNKNOWN =
  "SELECT count(*) AS n FROM messages INDEXED BY messages_by_state WHERE state = 'unknown' AND state <> 'sent'";
const COUNT_QUEUED = 'SELECT ifnull(sum(queued), 0) AS n FROM flows';
const PLACE = 'SELECT account, lane, caller FROM messages WHERE id = :id AND line IS NOT NULL';
const COUNT_BEFORE = (line: 'ready' | 'later', index: string) => `
  SELECT count(*) AS n FROM (
    SELECT 1 FROM messages INDEXED BY ${index}
    WHERE line = '${line}' AND ${OF_FLOW} AND id < :id AND ${IN_TIME} LIMIT :cap
  )`;
const COUNT_READY_BEFORE = COUNT_BEFORE('ready', 'messages_ready');
const COUNT_DUE_BEFORE = COUNT_BEFORE('later', 'messages_due');

/** Operations that look at what waits, and change nothing. */
export function createWaiting({ database }: StoreContext) {
  const count = (sql: string, values = {}) => database.one(sql, values)?.['n'] as number;

  return {
    readyFlows: (now: number): Flow[] => database.all(READY_FLOWS, { now }).map(toFlow),

    backlog: (now: number): FlowBacklog[] =>
      database.all(BACKLOG, { now }).map((row) => ({
        ...toFlow(row),
        queued: row['queued'] as number,
        due: row['due'] as number,
        firstDueAt: earlier(row['first_ready_at'] as number | null, row['first_later_at'] as number | null),
      })),

    queuedCount: (): number => count(COUNT_QUEUED),
    unknownCount: (): number => count(COUNT_UNKNOWN),

    position(id: string, now: number, cap: number): number {
      const place = database.one(PLACE, { id });
      if (place === undefined) return 0;
      const values = { ...toFlow(place), id, now, cap };
      // Those whose time has come stand in the other line until the next `take`.
      return Math.min(cap, count(COUNT_READY_BEFORE, values) + count(COUNT_DUE_BEFORE, values));
    },
  };
}

function earlier(a: number | null, b: number | null): number {
  return Math.min(a ?? Number.POSITIVE_INFINITY, b ?? Number.POSITIVE_INFINITY);
}

function toFlow(row: Cells): Flow {
  return { account: row['account'] as string, lane: row['lane'] as Lane, caller: row['caller'] as string };
}
