import type { Flow } from '../flows.ts';
import type { MessageRow } from '../message-row.ts';
import type { TakePick, TakeRequest } from '../requests.ts';
import type { StoreContext } from './context.ts';
import { readRow } from './rows.ts';

/** What every search in the index of a flow asks for. */
export const OF_FLOW = 'account = :account AND lane = :lane AND caller = :caller';
/** Whether it may go at `:now`, of a message that waits. */
export const IN_TIME = 'ready_at <= :now AND (expires_at IS NULL OR expires_at > :now)';

// A campaign may become ready all at once: what is moved at a time must not hold up everything else.
const PROMOTED_AT_ONCE = 1_000;
// Beyond every id: texts compare by bytes, and ids are ASCII.
const AFTER_ALL = '\u{10FFFF}';

const PROMOTE = `
  UPDATE messages SET line = 'ready'
  WHERE seq IN (
    SELECT seq FROM messages INDEXED BY messages_due
    WHERE line = 'later' AND ${OF_FLOW} AND ready_at <= :now ORDER BY ready_at, id LIMIT :limit
  )`;
const OLDEST_READY = `
  SELECT seq FROM messages INDEXED BY messages_ready
  WHERE line = 'ready' AND ${OF_FLOW} AND id < :before AND ${IN_TIME} ORDER BY id LIMIT :limit`;
const HOLD = `
  UPDATE messages SET state = 'sending', line = NULL, lease = :lease, begun_at = :now WHERE seq = :seq`;
const BEGIN = `
  UPDATE messages SET state = 'sending', begun_at = :now
  WHERE id = :id AND state = 'queued' AND mode = 'sync' AND lease = :lease`;
const UNDO = `
  UPDATE messages SET state = 'queued', line = 'later', lease = NULL, begun_at = NULL
  WHERE lease = :lease AND account = :account AND state = 'sending' AND mode = 'async' AND begun_at = :takenAt`;

/** Operations by which waiting messages come to be sent. */
export function createTaking({ database, lease, spoolDirectory }: StoreContext) {
  const promote = (flow: Flow, now: number, limit: number) => database.run(PROMOTE, { ...flow, now, limit });
  const hold = (seq: number, holder: string, now: number): MessageRow => {
    database.run(HOLD, { seq, now, lease: holder });
    return readRow(database, seq, spoolDirectory);
  };

  return {
    take({ account, now, picks }: TakeRequest): MessageRow[] {
      const holder = lease.hold(now);
      const promotedOfEach = Math.floor(PROMOTED_AT_ONCE / picks.length);
      return picks.flatMap(({ lane, caller, limit, before = AFTER_ALL }: TakePick) => {
        const flow = { account, lane, caller };
        promote(flow, now, Math.max(promotedOfEach, limit));
        const oldest = database.all(OLDEST_READY, { ...flow, now, before, limit });
        return oldest.map(({ seq }) => hold(seq as number, holder, now));
      });
    },

    undoTake: (account: string, takenAt: number): number => database.run(UNDO, { account, takenAt, lease: lease.id }),

    begin: (id: string, now: number): boolean => database.run(BEGIN, { id, now, lease: lease.id }) === 1,
  };
}
