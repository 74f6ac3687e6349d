import { basename, join } from 'node:path';
import type { SQLInputValue } from 'node:sqlite';
import type { SpooledFile } from '../../attachments/spool.ts';
import type { MessageRow, Payload, StoredFailure } from '../message-row.ts';
import type { Cells, Database, NamedValues } from './database.ts';

/** Columns of `messages` that a row sets. */
export const messageColumns = [
  'id',
  'caller',
  'account',
  'channel',
  'stream',
  'stream_id',
  'lane',
  'mode',
  'reference',
  'on_unknown',
  'sends_to_client',
  'keeps_raw_answer',
  'created_at',
  'send_at',
  'expires_at',
  'request_id',
  'traceparent',
  'resend_of',
  'state',
  'payload_bytes',
  'attempts',
  'unclear',
  'failure',
  'object_id',
  'sent_at',
  'ended_at',
  'ready_at',
] as const;

/**
 * Whether what was written behind may change a message. What has ended meanwhile, by hand or by another process, is not
 * undone by it; only that it was sent is news of one that is unknown.
 */
export const CHANGEABLE = `messages.ended_at IS NULL OR (messages.state = 'unknown' AND excluded.state = 'sent')`;

/** A row as values of {@link messageColumns}, in their order. */
export function toValues(row: MessageRow): SQLInputValue[] {
  return [
    row.id,
    row.caller,
    row.account,
    row.channel,
    row.stream,
    row.streamId,
    row.lane,
    row.mode,
    row.reference,
    row.onUnknown,
    row.sendsToClient ? 1 : 0,
    row.keepsRawAnswer ? 1 : 0,
    wholeMs(row.createdAt),
    wholeMs(row.sendAt),
    wholeMs(row.expiresAt),
    row.requestId,
    row.traceparent,
    row.resendOf,
    row.state,
    row.payloadBytes,
    JSON.stringify(row.attempts),
    toJson(row.unclear),
    toJson(row.failure),
    row.objectId,
    wholeMs(row.sentAt),
    wholeMs(row.endedAt),
    wholeMs(row.readyAt),
  ];
}

/** Rounded up, since a back-off with jitter has fractions and must never end early. */
export function wholeMs(ms: number | null): number | null {
  return ms === null ? null : Math.ceil(ms);
}

export function toJson(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** What is left of a failure whose message is erased. */
export function scrubbed(failure: string | null): string | null {
  if (failure === null) return null;
  const { code, outcome, upstream } = JSON.parse(failure) as StoredFailure;
  return JSON.stringify({ code, outcome, detail: '', upstream: upstream && { ...upstream, description: null } });
}

const ROW_BY_SEQ = `
  SELECT m.*, p.kind, p.body
  FROM messages m LEFT JOIN payloads p ON p.message = m.seq
  WHERE m.seq = :seq`;
const FILES_OF_MESSAGE = 'SELECT * FROM files WHERE message = :seq ORDER BY position';

/** Reads one message by its row number. Spooled files lie in `spoolDirectory`, wherever they lay when they were stored. */
export function readRow(database: Database, seq: SQLInputValue, spoolDirectory: string): MessageRow {
  const record = database.one(ROW_BY_SEQ, { seq });
  if (record === undefined) throw new Error('a message vanished while it was read');
  return toRow(record, () => database.all(FILES_OF_MESSAGE, { seq }).map((file) => toFile(file, spoolDirectory)));
}

function toRow(record: Cells, files: () => readonly SpooledFile[]): MessageRow {
  // The columns hold what `toValues` put there, so the types are those of the row.
  const value = <T>(column: string): T => record[column] as T;
  const json = <T>(column: string): T => JSON.parse((record[column] as string | null) ?? 'null') as T;
  return {
    id: value('id'),
    caller: value('caller'),
    account: value('account'),
    channel: value('channel'),
    stream: value('stream'),
    streamId: value('stream_id'),
    lane: value('lane'),
    mode: value('mode'),
    reference: value('reference'),
    onUnknown: value('on_unknown'),
    sendsToClient: record['sends_to_client'] === 1,
    keepsRawAnswer: record['keeps_raw_answer'] === 1,
    createdAt: value('created_at'),
    sendAt: value('send_at'),
    expiresAt: value('expires_at'),
    requestId: value('request_id'),
    traceparent: value('traceparent'),
    resendOf: value('resend_of'),
    state: value('state'),
    payload: toPayload(value('kind'), value('body'), files),
    payloadBytes: value('payload_bytes'),
    attempts: json('attempts'),
    unclear: json('unclear'),
    failure: json('failure'),
    objectId: value('object_id'),
    sentAt: value('sent_at'),
    endedAt: value('ended_at'),
    readyAt: value('ready_at'),
  };
}

function toPayload(kind: Payload['kind'] | null, body: string, files: () => readonly SpooledFile[]): Payload | null {
  switch (kind) {
    case null:
      return null;
    case 'json':
      return { kind, body };
    case 'multipart':
      return { kind, data: body, files: files() };
  }
}

function toFile(record: Cells, spoolDirectory: string): SpooledFile {
  return {
    path: join(spoolDirectory, record['segment'] as string),
    name: record['name'] as string,
    contentType: record['content_type'] as string | null,
    size: record['size'] as number,
    sha256: record['sha256'] as string,
  };
}

export function fileColumns(file: SpooledFile): NamedValues {
  const { name, contentType, size, sha256 } = file;
  return { segment: basename(file.path), name, content_type: contentType, size, sha256 };
}
