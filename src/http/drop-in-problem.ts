import type { ErrorCode, GatewayError } from '../kernel/errors.ts';
import { type Answer, problemAnswer } from './answer.ts';

/** Errors that say nothing about the message: the first request with the key may send it, a fault may follow the send. */
const undecided: ReadonlySet<ErrorCode> = new Set(['idempotency_in_flight', 'internal_error']);

/** Whether whoever asks for this URL may expect an answer of CommBox. */
export function isDropIn(url: string): boolean {
  return url.startsWith('/streams/');
}

/**
 * The problem of an error with the members of CommBox's envelope beside its own, for readers of either.
 *
 * @param at when it was answered, in epoch milliseconds
 */
export function dropInProblem(error: GatewayError, requestId: string, at: number): Answer {
  const envelope = { description: error.message, response_time: new Date(at).toISOString() };
  const { status, headers, body } = problemAnswer(error, requestId, envelope);
  const { messageId } = error.options;
  const ours = {
    'gateway-outcome': error.outcome ?? (undecided.has(error.code) ? 'unknown' : 'not_sent'),
    ...(messageId !== undefined && { 'gateway-message-id': messageId }),
  };
  return { status, body, error, headers: { ...headers, ...ours } };
}
