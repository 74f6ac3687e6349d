import type { FastifyReply, FastifyRequest } from 'fastify';
import { expiryOf } from '../delivery/expiry.ts';
import type { Failure, Message, RawAnswer } from '../delivery/message.ts';
import { CANCELED } from '../delivery/outcomes.ts';
import { UNKNOWN_WAIT_MS } from '../delivery/patience.ts';
import { GatewayError } from '../kernel/errors.ts';
import { createIsoTime } from '../kernel/iso-time.ts';
import type { StoredAnswer } from '../store/key-record.ts';
import type { MessageRow } from '../store/message-row.ts';
import { PROBLEM_TYPE, problemHeaders, problemOf } from './problem.ts';

/** An answer before it is written, so that the same can be given again to a repeated request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** For the log line. */
  readonly error: GatewayError | null;
}

const format = createIsoTime();

export const JSON_TYPE = 'application/json; charset=utf-8';

/** The answer of `/v1/{channel}`: 201 for what is sent, else the problem. */
export function channelAnswer(message: Message | MessageRow): Answer {
  if (message.state !== 'sent') return problemAnswer(failureOf(message), message.requestId);
  return {
    status: 201,
    headers: { 'content-type': JSON_TYPE, location: `/v1/messages/${message.id}` },
    body: JSON.stringify(sentView(message)),
    error: null,
  };
}

/** The members that a sent message shows everywhere. */
export function sentView(message: Message | MessageRow) {
  return {
    id: message.id,
    status: message.state,
    channel: message.channel,
    stream: message.stream,
    streamId: message.streamId,
    objectId: message.objectId,
    attempts: message.attempts.length,
    createdAt: isoTime(message.createdAt),
    sentAt: isoTime(message.sentAt),
  };
}

export function isoTime(at: number | null): string | null {
  return at === null ? null : format(at);
}

export function problemAnswer(error: GatewayError, requestId: string, extend: object = {}): Answer {
  return {
    status: error.status,
    headers: { 'content-type': PROBLEM_TYPE, ...problemHeaders(error) },
    body: JSON.stringify({ ...problemOf(error, requestId), ...extend }),
    error,
  };
}

const NOT_THERE =
  'CommBox gave no clear answer, but somebody looked: it does not have the message. Resend it, or send it with another key.';

/** Why a message ended otherwise than sent; null if it did not. */
export function codeOf(message: Message | MessageRow): string | null {
  const endedByStore = message.state === 'canceled' || message.state === 'expired';
  return message.failure?.code ?? (endedByStore ? failureOf(message).code : null);
}

/** The error that a message's failure is to its caller. */
export function failureOf(message: Message | MessageRow): GatewayError {
  const failure = message.failure as Failure | null;
  if (failure === null) return withoutFailure(message);
  const { code, upstream } = failure;
  // What was unclear fails by hand alone.
  const isResolved = message.state === 'failed' && message.unclear !== null;
  const { outcome, detail } = isResolved ? ({ outcome: 'not_sent', detail: NOT_THERE } as const) : failure;
  // What expired in the store is not stored with one: nobody knew when it would have had its turn.
  const retryAfterMs = failure.retryAfterMs ?? (message.state === 'expired' ? UNKNOWN_WAIT_MS : undefined);
  return new GatewayError(code, detail, {
    outcome,
    messageId: message.id,
    ...(upstream !== null && { upstream }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Stores end what waits by its state alone. */
function withoutFailure({ id, state }: Message | MessageRow): GatewayError {
  const options = { messageId: id, outcome: 'not_sent' } as const;
  switch (state) {
    case 'canceled':
      return new GatewayError('conflict', CANCELED, options);
    case 'expired': {
      const { code, detail } = expiryOf(null);
      return new GatewayError(code, detail, { ...options, retryAfterMs: UNKNOWN_WAIT_MS });
    }
    default:
      throw new Error(`message ${id} is ${state} without a failure`);
  }
}

/** The bytes of CommBox that were kept for repeated requests. */
export function rawOf(answer: StoredAnswer): RawAnswer {
  return {
    status: answer.status,
    contentType: answer.headers['content-type'],
    body: Buffer.from(answer.body, answer.isBinary ? 'base64' : 'utf8'),
  };
}

/** A 200 with this value. */
export function jsonAnswer(value: unknown): Answer {
  return { status: 200, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(value), error: null };
}

/** Writes an answer out. Every route ends here: the log line of a caller that left waits for it. */
export function write(request: FastifyRequest, reply: FastifyReply, answer: Answer): void {
  request.server.outbox.post({ request, reply, answer });
}
