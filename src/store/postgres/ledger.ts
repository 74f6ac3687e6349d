import type { Clock } from '../../kernel/clock.ts';
import type { MessageRow } from '../message-row.ts';
import type { Database } from './database.ts';
import type { Lease } from './lease.ts';
import { columnArrays, columnNames, columnTypes } from './rows.ts';

/** Rows that are written behind. */
export interface Ledger {
  /** Takes the present state of a message; a later one of the same message replaces it. Never fails. */
  record(row: MessageRow): void;
  /** Resolves once all that was recorded before the call is on disk. Rejects with `StorageUnavailable`. */
  flush(): Promise<void>;
}

// What has ended meanwhile, by hand or by another process, is not undone by what was written down before; only that it was
// sent is news to one that is unknown.
const names = columnNames.join(', ');
const recordStatement = `
  INSERT INTO commbox_gateway.messages (${names}) SELECT * FROM unnest(${columnTypes})
  ON CONFLICT (id) DO UPDATE SET ${columnNames.map((name) => `${name} = excluded.${name}`).join(', ')}
  WHERE messages.ended_at IS NULL OR (messages.state = 'unknown' AND excluded.state = 'sent')`;

const DELAY_MS = 500;
const RETRY_MS = 1_000;
const CHUNK = 500;
/** Rows kept while the database is away. These rows are a ledger of what was answered; nothing depends on them. */
const MOST_ROWS = 20_000;

/** Writes recorded rows half a second later, all together, and keeps them while the database is away. */
export function createLedger(options: {
  readonly database: Database;
  readonly lease: Lease;
  readonly clock: Clock;
}): Ledger {
  const { database, lease, clock } = options;
  const pending = new Map<string, MessageRow>();
  let writing: Promise<void> = Promise.resolve();
  let cancelTimer: (() => void) | null = null;

  function schedule(delayMs: number): void {
    if (pending.size === 0) return;
    cancelTimer ??= clock.schedule(delayMs, () => {
      cancelTimer = null;
      flush().catch(() => schedule(RETRY_MS));
    });
  }

  // One after the other, so that an older state of a message never overwrites a newer one.
  function flush(): Promise<void> {
    writing = writing.then(writeAll, writeAll);
    return writing;
  }

  async function writeAll(): Promise<void> {
    while (pending.size > 0) {
      const rows = [...pending.values()].slice(0, CHUNK);
      const marks = { lease: lease.id, now: clock.now(), isRecorded: true };
      await database.query(recordStatement, columnArrays(rows, marks), 'record-messages');
      for (const row of rows) if (pending.get(row.id) === row) pending.delete(row.id);
    }
    cancelTimer?.();
    cancelTimer = null;
  }

  return {
    record(row) {
      pending.delete(row.id);
      pending.set(row.id, row);
      if (pending.size > MOST_ROWS) pending.delete(pending.keys().next().value ?? '');
      schedule(DELAY_MS);
    },
    flush: () => (pending.size === 0 ? writing.catch(() => undefined) : flush()),
  };
}
