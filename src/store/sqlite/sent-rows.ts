import type { MessageRow } from '../message-row.ts';
import { wholeMs } from './rows.ts';

/**
 * What tells one plain sent message from another. They are nearly all that is ever recorded, so they travel to the
 * store's thread as a flat list of these columns, and reach the table in statements of many rows.
 */
export const sentColumns = [
  'id',
  'caller',
  'account',
  'channel',
  'stream',
  'stream_id',
  'lane',
  'reference',
  'on_unknown',
  'sends_to_client',
  'created_at',
  'send_at',
  'expires_at',
  'resend_of',
  'payload_bytes',
  'attempts',
  'object_id',
  'sent_at',
  'ended_at',
  'ready_at',
] as const;

/** What all of them have in common, as SQL. Nothing of the request is left, so no sweep needs to erase them. */
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

export type SentCell = string | number | null;

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

/** The row's values of {@link sentColumns}, in their order. */
export function sentCells(row: MessageRow): SentCell[] {
  return [
    row.id,
    row.caller,
    row.account,
    row.channel,
    row.stream,
    row.streamId,
    row.lane,
    row.reference,
    row.onUnknown,
    row.sendsToClient ? 1 : 0,
    wholeMs(row.createdAt),
    wholeMs(row.sendAt),
    wholeMs(row.expiresAt),
    row.resendOf,
    row.payloadBytes,
    JSON.stringify(row.attempts),
    row.objectId,
    wholeMs(row.sentAt),
    wholeMs(row.endedAt),
    wholeMs(row.readyAt),
  ];
}
