import type { Clock } from '../../kernel/clock.ts';
import type { MessageRow } from '../message-row.ts';

/** Ledger rows that may be written a moment later, together. */
export interface WriteBehind {
  add(row: MessageRow): void;
  /** Hands over what has gathered, so that what is asked for next sees it. */
  flush(): void;
}

export interface WriteBehindOptions {
  readonly clock: Clock;
  readonly write: (rows: readonly MessageRow[]) => Promise<void>;
}

// A second is what is promised.
const LATEST_MS = 900;
const LARGEST_GROUP = 500;
// While the store is out of reach; rows beyond are given up, since memory must not grow with an outage.
const MOST_KEPT = 10_000;

export function createWriteBehind({ clock, write }: WriteBehindOptions): WriteBehind {
  const rows = new Map<string, MessageRow>();
  let cancelTimer: (() => void) | null = null;

  const flush = () => {
    cancelTimer?.();
    cancelTimer = null;
    const group = [...rows.values()];
    rows.clear();
    if (group.length > 0) write(group).catch(() => keep(group));
  };
  const schedule = () => {
    cancelTimer ??= clock.schedule(LATEST_MS, flush);
  };
  const keep = (group: readonly MessageRow[]) => {
    for (const row of group.slice(0, Math.max(0, MOST_KEPT - rows.size))) if (!rows.has(row.id)) rows.set(row.id, row);
    schedule();
  };

  return {
    add(row) {
      if (rows.size >= MOST_KEPT && !rows.has(row.id)) return;
      rows.set(row.id, row);
      if (rows.size === LARGEST_GROUP) flush();
      else schedule();
    },
    flush,
  };
}
