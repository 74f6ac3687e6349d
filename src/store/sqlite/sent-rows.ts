import type { MessageRow } from '../message-row.ts';
import { alikeRows } from './alike-rows.ts';

/**
 * Plain messages that were sent: nearly all that is ever recorded. Nothing of the request is left, so no sweep needs to
 * erase them.
 */
export const sentRows = alikeRows({
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
});

/** Whether {@link sentRows} hold all there is to know of the row. */
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
