import type { SQLInputValue } from 'node:sqlite';
import type { MessageRow } from '../message-row.ts';
import { messageColumns, toValues } from './rows.ts';

/** What all plain sent messages have in common, as SQL. Nothing of the request is left, so no sweep needs to erase them. */
export const sentConstants = {
  mode: `'sync'`,
  state: `'sent'`,
  request_id: `''`,
  traceparent: 'NULL',
  unclear: 'NULL',
  failure: 'NULL',
  line: 'NULL',
  lease: 'NULL',
  begun_at: 'NULL',
  is_recorded: '1',
  is_erased: '1',
} as const;

// As places among the columns, because this is done for every message.
const places = messageColumns.flatMap((name, place) => (name in sentConstants ? [] : [place]));

/**
 * What tells one plain sent message from another. They are nearly all that is ever recorded, so they travel to the
 * store's thread as a flat list of these columns, and reach the table in statements of many rows.
 */
export const sentColumns = messageColumns.filter((name) => !(name in sentConstants));

/** Whether {@link sentColumns} hold all there is to know of the row. */
export function isPlainlySent(row: MessageRow): boolean {
  return (
    row.state === 'sent' &&
    row.mode === 'sync' &&
    row.endedAt !== null &&
    row.payload === null &&
    row.requestId === '' &&
    row.traceparent === null &&
    row.unclear === null &&
    row.failure === null
  );
}

/** Adds the row's values of {@link sentColumns}, in their order. */
export function addSentCells(row: MessageRow, cells: SQLInputValue[]): void {
  const values = toValues(row);
  for (const place of places) cells.push(values[place] ?? null);
}
