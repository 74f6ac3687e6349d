import type { SpooledFile } from '../../attachments/spool.ts';
import type { MessageRow, Payload, StoredFailure } from '../message-row.ts';

/** A row of `messages` as `pg` hands it out. */
export interface MessageRecord {
  readonly id: string;
  readonly caller: string;
  readonly account: string;
  readonly channel: MessageRow['channel'];
  readonly stream: string | null;
  readonly stream_id: string;
  readonly lane: MessageRow['lane'];
  readonly mode: MessageRow['mode'];
  readonly reference: string | null;
  readonly on_unknown: MessageRow['onUnknown'];
  readonly sends_to_client: boolean;
  readonly keeps_raw_answer: boolean;
  readonly created_at: number;
  readonly send_at: number | null;
  readonly expires_at: number | null;
  readonly request_id: string;
  readonly traceparent: string | null;
  readonly resend_of: string | null;
  readonly state: MessageRow['state'];
  readonly body: string | null;
  readonly files: readonly SpooledFile[] | null;
  readonly payload_bytes: number;
  readonly attempts: MessageRow['attempts'];
  readonly unclear: StoredFailure | null;
  readonly failure: StoredFailure | null;
  readonly object_id: string | null;
  readonly sent_at: number | null;
  readonly ended_at: number | null;
  readonly ready_at: number;
}

/** What the store adds to a row. */
export interface RowMarks {
  /** The lease of this process, for rows that it answers for. */
  readonly lease: string;
  /** Epoch milliseconds: when an attempt that is under way counts as started, and what "scheduled" is judged by. */
  readonly now: number;
  readonly isRecorded: boolean;
}

type Value = string | number | boolean | null;

interface Column {
  readonly name: string;
  readonly type: 'text' | 'bigint' | 'boolean' | 'json' | 'jsonb' | 'uuid';
  readonly of: (row: MessageRow, marks: RowMarks) => Value;
}

const columns: readonly Column[] = [
  { name: 'id', type: 'text', of: (row) => row.id },
  { name: 'caller', type: 'text', of: (row) => storable(row.caller) },
  { name: 'account', type: 'text', of: (row) => storable(row.account) },
  { name: 'channel', type: 'text', of: (row) => row.channel },
  { name: 'stream', type: 'text', of: (row) => storable(row.stream) },
  { name: 'stream_id', type: 'text', of: (row) => storable(row.streamId) },
  { name: 'lane', type: 'text', of: (row) => row.lane },
  { name: 'mode', type: 'text', of: (row) => row.mode },
  { name: 'reference', type: 'text', of: (row) => storable(row.reference) },
  { name: 'on_unknown', type: 'text', of: (row) => row.onUnknown },
  { name: 'sends_to_client', type: 'boolean', of: (row) => row.sendsToClient },
  { name: 'keeps_raw_answer', type: 'boolean', of: (row) => row.keepsRawAnswer },
  { name: 'created_at', type: 'bigint', of: (row) => row.createdAt },
  { name: 'send_at', type: 'bigint', of: (row) => row.sendAt },
  { name: 'expires_at', type: 'bigint', of: (row) => row.expiresAt },
  { name: 'request_id', type: 'text', of: (row) => storable(row.requestId) },
  { name: 'traceparent', type: 'text', of: (row) => storable(row.traceparent) },
  { name: 'resend_of', type: 'text', of: (row) => row.resendOf },
  { name: 'state', type: 'text', of: (row) => row.state },
  { name: 'body', type: 'text', of: (row) => storable(bodyOf(row.payload)) },
  { name: 'files', type: 'json', of: (row) => jsonOf(row.payload?.kind === 'multipart' ? row.payload.files : null) },
  { name: 'payload_bytes', type: 'bigint', of: (row) => row.payloadBytes },
  { name: 'attempts', type: 'jsonb', of: (row) => jsonOf(row.attempts) },
  { name: 'unclear', type: 'jsonb', of: (row) => plainJsonOf(row.unclear) },
  { name: 'failure', type: 'jsonb', of: (row) => plainJsonOf(row.failure) },
  { name: 'object_id', type: 'text', of: (row) => storable(row.objectId) },
  { name: 'sent_at', type: 'bigint', of: (row) => row.sentAt },
  { name: 'ended_at', type: 'bigint', of: (row) => row.endedAt },
  { name: 'ready_at', type: 'bigint', of: (row) => row.readyAt },
  { name: 'lease', type: 'uuid', of: (row, marks) => (isHeld(row) ? marks.lease : null) },
  { name: 'taken_at', type: 'bigint', of: (row, marks) => (row.state === 'sending' ? marks.now : null) },
  { name: 'is_scheduled', type: 'boolean', of: (row, marks) => row.readyAt > marks.now },
  { name: 'is_recorded', type: 'boolean', of: (_, marks) => marks.isRecorded },
  { name: 'is_erased', type: 'boolean', of: (row) => row.payload === null },
];

/** Names of the columns that come from a row, in the order of {@link columnArrays}. */
export const columnNames: readonly string[] = columns.map(({ name }) => name);

/** `$1::text[], …`: the types that {@link columnArrays} must be read as. */
export const columnTypes: string = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');

/** Rows turned into one array per column, for `unnest`: any number of rows then are one statement of one shape. */
export function columnArrays(rows: readonly MessageRow[], marks: RowMarks): Value[][] {
  return columns.map(({ of }) => rows.map((row) => whole(of(row, marks))));
}

// Times may carry fractions of a millisecond, which a bigint cannot. Nothing becomes due before its time by rounding up.
function whole(value: Value): Value {
  return typeof value === 'number' ? Math.ceil(value) : value;
}

/** The columns that {@link decodeRow} reads. `alias` qualifies them where several tables have some. */
export function selected(alias = 'm'): string {
  const own = new Set(['lease', 'taken_at', 'is_scheduled', 'is_recorded', 'is_erased']);
  return columnNames
    .filter((name) => !own.has(name))
    .map((name) => `${alias}.${name}`)
    .join(', ');
}

export function decodeRow(record: MessageRecord): MessageRow {
  return {
    id: record.id,
    caller: record.caller,
    account: record.account,
    channel: record.channel,
    stream: record.stream,
    streamId: record.stream_id,
    lane: record.lane,
    mode: record.mode,
    reference: record.reference,
    onUnknown: record.on_unknown,
    sendsToClient: record.sends_to_client,
    keepsRawAnswer: record.keeps_raw_answer,
    createdAt: record.created_at,
    sendAt: record.send_at,
    expiresAt: record.expires_at,
    requestId: record.request_id,
    traceparent: record.traceparent,
    resendOf: record.resend_of,
    state: record.state,
    payload: payloadOf(record),
    payloadBytes: record.payload_bytes,
    attempts: record.attempts,
    unclear: record.unclear,
    failure: record.failure,
    objectId: record.object_id,
    sentAt: record.sent_at,
    endedAt: record.ended_at,
    readyAt: record.ready_at,
  };
}

/** JSON for a `json` column, which keeps every text as it is; null stays NULL. */
export function jsonOf(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** JSON for a `jsonb` column. Only for texts that need not come back to the letter: see {@link storable}. */
export function plainJsonOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return JSON.stringify(value, (_, member) => (typeof member === 'string' ? storable(member.toWellFormed()) : member));
}

/**
 * A text that PostgreSQL can hold: it has no U+0000, which becomes U+FFFD. Bodies are JSON and cannot contain one, and
 * everything else that must come back to the letter is stored as `json`. Without this, one such message would fail
 * those that were stored together with it.
 */
export function storable<T extends string | null>(text: T): T {
  return (text?.includes('\0') ? text.replaceAll('\0', '\ufffd') : text) as T;
}

function isHeld(row: MessageRow): boolean {
  return row.state === 'sending' || (row.state === 'queued' && row.mode === 'sync');
}

function bodyOf(payload: Payload | null): string | null {
  return payload === null ? null : payload.kind === 'json' ? payload.body : payload.data;
}

function payloadOf({ body, files }: MessageRecord): Payload | null {
  if (body === null) return null;
  return files === null ? { kind: 'json', body } : { kind: 'multipart', data: body, files };
}
