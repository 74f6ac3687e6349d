import type { SQLInputValue } from 'node:sqlite';
import type { MessageRow } from '../message-row.ts';
import type { GroupCommit } from './group-commit.ts';
import { isPlainlySent, sentRows } from './sent-rows.ts';

/** Writes ledger rows, of which no two are of one message. Rejects if any may be missing: repeat it then with all. */
export async function recordGroup(call: GroupCommit['call'], rows: readonly MessageRow[], now: number): Promise<void> {
  const sent: SQLInputValue[] = [];
  const others: MessageRow[] = [];
  for (const row of rows) {
    if (isPlainlySent(row)) sentRows.addCells(row, sent);
    else others.push(row);
  }
  const writes: Promise<void>[] = [];
  if (sent.length > 0) writes.push(call('recordSent', sent));
  if (others.length > 0) writes.push(call('record', others, now));
  await Promise.all(writes);
}
