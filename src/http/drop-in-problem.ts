import type { ErrorCode, GatewayError } from '../kernel/errors.ts';
import { type Answer, problemAnswer } from './answer.ts';

/** What a problem at the drop-in door carries besides: members and headers for those who read CommBox's envelopes. */
export interface DropInExtras {
  readonly members: Readonly<Record<'description' | 'response_time', string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param at when the error was, in epoch milliseconds */
export function dropInExtras(error: GatewayError, at: number): DropInExtras {
  const { messageId } = error.options;
  return {
    members: { description: error.message, response_time: new Date(at).toISOString() },
    headers: {
      'gateway-outcome': error.outcome ?? (undecided.has(error.code) ? 'unknown' : 'not_sent'),
      ...(messageId !== undefined && { 'gateway-message-id': messageId }),
    },
  };
}

/** The problem of an error with the members of CommBox's envelope beside its own, for readers of either. */
export function dropInProblem(error: GatewayError, requestId: string, at: number): Answer {
  const { members, headers } = dropInExtras(error, at);
  const answer = problemAnswer(error, requestId, members);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

// In absolute form where a proxy is thought to be between (RFC 9112, 3.2.2); Fastify serves that as well.
const DROP_IN_TARGET = /^(?:https?:\/\/[^/]*)?\/streams\//i;

/** Whether a request target is one of CommBox's own, whether or not the gateway serves it. */
export function isDropInTarget(target: string): boolean {
  return DROP_IN_TARGET.test(target);
}

/** Errors that say nothing about the message: the first request with the key may send it, a fault may follow the send. */
const undecided: ReadonlySet<ErrorCode> = new Set(['idempotency_in_flight', 'internal_error']);
