import type { MessageRow, TakeRequest } from '../store.ts';
import type { StoreContext } from './context.ts';
import { readRow } from './rows.ts';

// A campaign may become ready all at once: what is moved at a time must not hold up everything else.
const PROMOTED_AT_ONCE = 5_000;
// Beyond every id: texts compare by bytes, and ids are ASCII.
const AFTER_ALL = '\u{10FFFF}';

const PROMOTE = `
  UPDATE messages SET line = 'ready'
  WHERE seq IN (
    SELECT seq FROM messages INDEXED BY messages_later
    WHERE line = 'later' AND ready_at <= :now ORDER BY ready_at, id LIMIT ${PROMOTED_AT_ONCE}
  )`;
const TAKEABLE = `line = 'ready' AND account = :account AND (expires_at IS NULL OR expires_at > :now) AND ready_at <= :now`;
const OLDEST_READY = `
  SELECT seq FROM messages INDEXED BY messages_ready
  WHERE ${TAKEABLE} AND id < :before ORDER BY id LIMIT :limit`;
const HOLD = `
  UPDATE messages SET state = 'sending', line = NULL, lease = :lease, begun_at = :now WHERE seq = :seq`;
const BEGIN = `
  UPDATE messages SET state = 'sending', begun_at = :now
  WHERE id = :id AND state = 'queued' AND mode = 'sync' AND lease = :lease`;

// SQLite has no skip scan for this: it would read every ready message to find the few accounts.
const ACCOUNTS = `
  WITH RECURSIVE accounts (account) AS (
    SELECT min(account) FROM messages INDEXED BY messages_ready WHERE line = 'ready'
    UNION ALL
    SELECT (SELECT min(account) FROM messages INDEXED BY messages_ready
            WHERE line = 'ready' AND account > accounts.account)
    FROM accounts WHERE account IS NOT NULL
  )
  SELECT account FROM accounts WHERE account IS NOT NULL`;
const COUNT_READY = `
  SELECT count(*) AS n FROM (SELECT 1 FROM messages INDEXED BY messages_ready WHERE ${TAKEABLE} LIMIT :cap)`;
const NEXT_READY_AT = `
  SELECT min(ready_at) AS at FROM messages INDEXED BY messages_later WHERE line = 'later' AND ready_at > :now`;
const COUNT_QUEUED = `SELECT value AS n FROM meta WHERE name = 'queued'`;
const PLACE = `SELECT id, account, line, ready_at FROM messages WHERE id = :id AND state = 'queued'`;
const COUNT_BEFORE = `
  SELECT count(*) AS n FROM (
    SELECT 1 FROM messages INDEXED BY messages_ready
    WHERE line = 'ready' AND account = :account AND id < :id LIMIT :cap
  )`;
const COUNT_SCHEDULED_BEFORE = `
  SELECT count(*) AS n FROM (
    SELECT 1 FROM messages INDEXED BY messages_later
    WHERE line = 'later' AND (ready_at, id) < (:readyAt, :id) AND account = :account LIMIT :cap
  )`;

/** Operations by which waiting messages come to be sent, and those that count the waiting ones. */
export function createTaking({ database, lease, spoolDirectory }: StoreContext) {
  const promote = (now: number) => database.run(PROMOTE, { now });
  const count = (sql: string, values = {}) => database.one(sql, values)?.['n'] as number;

  return {
    take({ account, limit, now, before = AFTER_ALL }: TakeRequest): MessageRow[] {
      promote(now);
      const holder = lease.hold(now);
      return database.all(OLDEST_READY, { account, limit, now, before }).map(({ seq }) => {
        database.run(HOLD, { seq: seq as number, now, lease: holder });
        return readRow(database, seq as number, spoolDirectory);
      });
    },

    begin: (id: string, now: number): boolean => database.run(BEGIN, { id, now, lease: lease.id }) === 1,

    waiting(now: number, cap: number): Map<string, number> {
      promote(now);
      const accounts = database.all(ACCOUNTS).map(({ account }) => account as string);
      const counted = accounts.map((account) => [account, count(COUNT_READY, { account, now, cap })] as const);
      return new Map(counted.filter(([, waiting]) => waiting > 0));
    },

    nextReadyAt: (now: number): number | null => database.one(NEXT_READY_AT, { now })?.['at'] as number | null,

    queuedCount: (): number => count(COUNT_QUEUED),

    position(id: string, cap: number): number {
      const place = database.one(PLACE, { id });
      if (place === undefined) return 0;
      const account = place['account'] as string;
      if (place['line'] !== 'later') return count(COUNT_BEFORE, { account, id, cap });
      const ready = count(COUNT_BEFORE, { account, id: AFTER_ALL, cap });
      const scheduled = { account, id, readyAt: place['ready_at'] as number, cap: cap - ready };
      return ready + (ready < cap ? count(COUNT_SCHEDULED_BEFORE, scheduled) : 0);
    },
  };
}
