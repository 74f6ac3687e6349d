import type { Message, RawAnswer } from '../delivery/message.ts';
import type { Clock } from '../kernel/clock.ts';
import type { GatewayError } from '../kernel/errors.ts';
import type { MessageRow } from '../store/message-row.ts';
import { type Answer, failureOf, JSON_TYPE, sentView } from './answer.ts';
import { dropInProblem } from './drop-in-problem.ts';

/** The answers of the drop-in door: CommBox's own as they came, and ours in a form that readers of envelopes know. */
export interface DropInAnswers {
  /** For a message that has ended. */
  ended(message: Message | MessageRow, raw: RawAnswer | null): Answer;
  /** Adds the id to the answer of a message that was accepted and has not ended. */
  accepted(answer: Answer): Answer;
}

export function createDropInAnswers(clock: Clock): DropInAnswers {
  return {
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
      if (error !== null) return dropInProblem(error, message.requestId, message.endedAt ?? clock.now());
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

/** It was unclear, and what became of it is known now: CommBox's answer of that time says less. */
function wasFoundOut({ state, unclear }: Message | MessageRow): boolean {
  return (state === 'sent' || state === 'failed') && unclear !== null;
}

/** CommBox's 2xx, 400, 404 and 5xx come back as they came; a refused key or quota is the gateway's matter. */
function isPassedOn({ status }: RawAnswer, error: GatewayError | null): boolean {
  if (error?.code === 'commbox_unauthorized' || error?.code === 'commbox_throttled') return false;
  return (status >= 200 && status < 300) || status === 400 || status === 404 || (status >= 500 && status < 600);
}

/** CommBox's envelope for a message whose own answer was not kept; the id's digits go in unquoted, as CommBox's do. */
function envelopeOf(message: Message | MessageRow): string {
  const { objectId, sentAt } = sentView(message);
  const data = objectId === null ? '{}' : `{"id":${objectId}}`;
  return `{"status":200,"description":"OK","response_time":${JSON.stringify(sentAt)},"data":${data}}`;
}
