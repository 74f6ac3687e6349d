import type { KeyEffect } from '../store/key-record.ts';
import type { AttemptRecord, MessageRow, StoredFailure } from '../store/message-row.ts';
import type { Settlement } from '../store/requests.ts';
import { isFinal, type Message } from './message.ts';
import { storable } from './payload.ts';

/** A message as it is stored. What has been sent keeps nothing of the request. */
export function rowOf(message: Message): MessageRow {
  const isErased = message.state === 'sent';
  return {
    id: message.id,
    caller: message.caller,
    account: message.account,
    channel: message.channel,
    stream: message.stream,
    streamId: message.streamId,
    lane: message.lane,
    mode: message.mode,
    reference: message.reference,
    onUnknown: message.onUnknown,
    sendsToClient: message.sendsToClient,
    keepsRawAnswer: message.keepsRawAnswer,
    createdAt: message.createdAt,
    sendAt: message.sendAt,
    expiresAt: message.expiresAt,
    requestId: isErased ? '' : message.requestId,
    traceparent: isErased ? null : message.traceparent,
    resendOf: message.resendOf,
    state: message.state,
    payload: isErased ? null : storable(message.payload),
    payloadBytes: message.payloadBytes,
    attempts: message.attempts,
    unclear: isErased ? withoutTexts(message.unclear) : message.unclear,
    failure: message.failure,
    objectId: message.objectId,
    sentAt: message.sentAt,
    endedAt: message.endedAt,
    readyAt: message.readyAt,
  };
}

/** What is left of it when the message is erased. */
function withoutTexts(failure: StoredFailure | null): StoredFailure | null {
  if (failure === null) return null;
  const { code, outcome, upstream } = failure;
  return { code, outcome, detail: '', upstream: upstream === null ? null : { ...upstream, description: null } };
}

/** The row of an ended message, with nothing in it of what was to be sent. */
export function erasedRowOf(message: Message): MessageRow {
  return { ...rowOf(message), payload: null, requestId: '', traceparent: null };
}

/** Where a message stands, as a change of its row. The key of an ended one is remembered until `keepUntil`. */
export function settlementOf(message: Message, attempt: AttemptRecord | null, keepUntil: number): Settlement {
  const { id, takenAt, state, readyAt, unclear, failure, objectId, sentAt, endedAt } = message;
  return {
    id,
    ...(takenAt !== null && { takenAt }),
    state,
    attempt,
    readyAt,
    ...(unclear !== null && { unclear }),
    ...(failure !== null && { failure }),
    ...(state === 'sent' && { objectId }),
    ...(sentAt !== null && { sentAt }),
    ...(endedAt !== null && { endedAt }),
    erase: state === 'sent',
    key: isFinal(message) ? keyEffect(message, keepUntil) : null,
  };
}

const DECIDED = new Set<string>(['commbox_rejected', 'commbox_stream_not_found']);

/** What was decided by CommBox, or may have been, is answered the same again; everything else may be tried anew. */
function keyEffect(message: Message, until: number): KeyEffect {
  const { state, mode, failure, raw } = message;
  const isKept = mode === 'async' || state === 'sent' || state === 'unknown' || DECIDED.has(failure?.code ?? '');
  if (!isKept) return { kind: 'free' };
  if (!message.keepsRawAnswer || raw === null) return { kind: 'keep', answer: null, until };
  const headers: Record<string, string> = raw.contentType === undefined ? {} : { 'content-type': raw.contentType };
  return {
    kind: 'keep',
    until,
    answer: { status: raw.status, headers, body: raw.body.toString('base64'), isBinary: true },
  };
}
