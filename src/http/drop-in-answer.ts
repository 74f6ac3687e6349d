import type { Message, RawAnswer } from '../delivery/message.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ErrorCode, GatewayError } from '../kernel/errors.ts';
import type { MessageRow } from '../store/message-row.ts';
import { type Answer, failureOf, JSON_TYPE, problemAnswer, sentView } from './answer.ts';

/** The answers of the drop-in door: CommBox's own as they came, and ours in a form that readers of envelopes know. */
export interface DropInAnswers {
  /** For a message that has ended. */
  ended(message: Message | MessageRow, raw: RawAnswer | null): Answer;
  /** For a request that became no message, or whose message failed on our side. */
  problem(error: GatewayError, requestId: string): Answer;
  /** Adds the id to the answer of a message that was accepted and has not ended. */
  accepted(answer: Answer): Answer;
}

export function createDropInAnswers(clock: Clock): DropInAnswers {
  const problem = (error: GatewayError, requestId: string, at = clock.now()): Answer => {
    const responseTime = new Date(at).toISOString();
    const { status, headers, body } = problemAnswer(error, requestId, {
      description: error.message,
      response_time: responseTime,
    });
    const { messageId } = error.options;
    const ours = {
      'gateway-outcome': error.outcome ?? (undecided.has(error.code) ? 'unknown' : 'not_sent'),
      ...(messageId !== undefined && { 'gateway-message-id': messageId }),
    };
    return { status, body, error, headers: { ...headers, ...ours } };
  };

  return {
    problem,
    ended(message, raw) {
      const error = message.state === 'sent' ? null : failureOf(message);
      if (raw !== null && isPassedOn(raw, error) && !wasFoundOut(message)) {
        const headers = {
          'gateway-message-id': message.id,
          'gateway-outcome': error?.outcome ?? 'sent',
          ...(raw.contentType !== undefined && { 'content-type': raw.contentType }),
        };
        return { status: raw.status, headers, body: raw.body, error };
      }
      // Dated by the message's end, a repeated request gets the same bytes again.
      if (error !== null) return problem(error, message.requestId, message.endedAt ?? clock.now());
      return {
        status: 200,
        headers: { 'gateway-message-id': message.id, 'gateway-outcome': 'sent', 'content-type': JSON_TYPE },
        body: envelopeOf(message),
        error: null,
      };
    },
    accepted(answer) {
      const location = answer.headers['location'];
      if (answer.status !== 202 || location === undefined) return answer;
      const id = location.slice(location.lastIndexOf('/') + 1);
      return { ...answer, headers: { ...answer.headers, 'gateway-message-id': id, 'gateway-outcome': 'unknown' } };
    },
  };
}

/** Errors that say nothing about the message: the first request with the key may send it, a fault may follow the send. */
const undecided: ReadonlySet<ErrorCode> = new Set(['idempotency_in_flight', 'internal_error']);

/** It was unclear, and turned out to be sent: CommBox's answer of that time says less than is known now. */
function wasFoundOut({ state, unclear }: Message | MessageRow): boolean {
  return state === 'sent' && unclear !== null;
}

/** CommBox's 2xx, 400, 404 and 5xx come back as they came; a refused key or quota is the gateway's matter. */
function isPassedOn({ status }: RawAnswer, error: GatewayError | null): boolean {
  if (error?.code === 'commbox_unauthorized' || error?.code === 'commbox_throttled') return false;
  return (status >= 200 && status < 300) || status === 400 || status === 404 || status >= 500;
}

/** CommBox's envelope for a message whose own answer was not kept; the id's digits go in unquoted, as CommBox's do. */
function envelopeOf(message: Message | MessageRow): string {
  const { objectId, sentAt } = sentView(message);
  const data = objectId === null ? '{}' : `{"id":${objectId}}`;
  return `{"status":200,"description":"OK","response_time":${JSON.stringify(sentAt)},"data":${data}}`;
}
